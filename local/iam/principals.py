"""Who makes a call: a role, if STS or Lambda issued the signing key for it, else an administrator."""

from collections.abc import Mapping
from dataclasses import dataclass

from moto.sts.models import AssumedRole, sts_backends

from local.environment import ACCOUNT

_LONGEST_SESSION_SECONDS = 43_200


@dataclass(frozen=True)
class Principal:
    """A session of a role. session: its name."""

    role_arn: str
    session: str

    @property
    def arn(self) -> str:
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role_arn.rpartition('/')[2]}/{self.session}"


def principal_of(access_key_id: str) -> Principal | None:
    """Returns the role's session, or None for an administrator. Terraform and people have administrator keys here."""
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key_id)
    return Principal(role.role_arn, role.session_name) if role else None


def new_session(role_arn: str, name: str, *, region: str) -> Mapping[str, str]:
    """Returns environment variables that make a process act as the role. Sessions do not expire here."""
    role: AssumedRole = sts_backends[ACCOUNT]["aws"].assume_role(
        region_name=region,
        role_session_name=name,
        role_arn=role_arn,
        policy="",
        duration=_LONGEST_SESSION_SECONDS,
        external_id="",
    )
    return {
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token,
    }
