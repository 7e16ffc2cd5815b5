"""A role's permissions and its trust policy, as moto stores them."""

from collections.abc import Iterator

from moto.iam.exceptions import NotFoundException
from moto.iam.models import Role, iam_backends

from local.environment import ACCOUNT
from local.iam.policies import Statement, read_policy
from local.moto_backends.unsupported import Unsupported


def rights_of(role_arn: str) -> list[Statement]:
    """Returns the statements of its inline and attached policies; none if the role does not exist.

    Raises Unsupported for a permissions boundary, which this project does not use.
    """
    role = _role(role_arn)
    if role is None:
        return []
    if role.permissions_boundary_arn:
        raise Unsupported("permissions boundaries")
    return [statement for name, document in _policies(role) for statement in read_policy(name, document)]


def trust_of(role_arn: str) -> list[Statement]:
    """Returns the statements of its trust policy."""
    role = _role(role_arn)
    return list(read_policy("trust", role.assume_role_policy_document)) if role else []


def _role(arn: str) -> Role | None:
    try:
        return iam_backends[ACCOUNT]["aws"].get_role_by_arn(arn)
    except NotFoundException:
        return None


def _policies(role: Role) -> Iterator[tuple[str, str]]:
    """Yields the name and the document of each policy."""
    yield from role.policies.items()
    for policy in role.managed_policies.values():
        yield policy.name, next(version.document for version in policy.versions if version.is_default)
