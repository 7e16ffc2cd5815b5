"""Deployed functions, read from moto's Lambda in this process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.backends import get_backend

from local.environment import ACCOUNT

_DEFAULT_REGION = "us-east-1"
_DEFAULT_RETRIES = 2
_DEFAULT_EVENT_AGE_SECONDS = 21_600


class FunctionNotFound(Exception):
    """The function, version or alias is not deployed. The message is AWS's."""


@dataclass(frozen=True)
class AsynchronousSettings:
    """The function's event invoke config, with Lambda's defaults.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    max_retries: int = _DEFAULT_RETRIES
    max_age_seconds: int = _DEFAULT_EVENT_AGE_SECONDS
    on_failure_arn: str | None = None


@dataclass(frozen=True)
class Function:
    """A function's version. Equal versions can share execution environments."""

    name: str
    version: str
    region: str
    handler: str
    memory_mb: int
    timeout_seconds: int
    environment: Mapping[str, str]
    logging: Mapping[str, str]
    role_arn: str
    code_sha256: str
    code: bytes = field(repr=False, compare=False)
    arn: str = field(compare=False)
    asynchronous: AsynchronousSettings = field(compare=False)
    reserved_concurrency: int | None = field(compare=False)


def find_function(reference: str, *, region: str = _DEFAULT_REGION, qualifier: str | None = None) -> Function:
    """Returns the function of `reference`: a name or an ARN, full or partial, with or without a qualifier.

    `region` applies if `reference` has none. Raises FunctionNotFound.
    """
    name, _, own_qualifier = reference.rpartition("function:")[2].partition(":")
    wanted = own_qualifier or qualifier
    try:
        deployed = get_backend("lambda")[ACCOUNT][_region_of(reference) or region].get_function(name, wanted)
    except UnknownFunctionException as error:
        raise FunctionNotFound(error.message) from error
    return _from_moto(deployed, wanted)


def _region_of(reference: str) -> str | None:
    parts = reference.split(":")
    return parts[3] if parts[0] == "arn" else None


def _from_moto(deployed: Any, qualifier: str | None) -> Function:
    arn = f"arn:aws:lambda:{deployed.region}:{ACCOUNT}:function:{deployed.function_name}"
    return Function(
        name=deployed.function_name,
        version=str(deployed.version),
        region=deployed.region,
        handler=deployed.handler,
        memory_mb=int(deployed.memory_size),
        timeout_seconds=int(deployed.timeout),
        environment=dict(deployed.environment_vars),
        logging=dict(deployed.logging_config),
        role_arn=deployed.role,
        code_sha256=deployed.code_sha_256,
        code=deployed.code_bytes,
        arn=f"{arn}:{qualifier}" if qualifier else arn,
        asynchronous=_asynchronous(deployed.event_invoke_config),
        reserved_concurrency=_number(deployed.reserved_concurrency),
    )


def _asynchronous(configs: list[Any]) -> AsynchronousSettings:
    if not configs:
        return AsynchronousSettings()
    config: dict[str, Any] = configs[0].config
    destination = config.get("DestinationConfig", {}).get("OnFailure", {})
    return AsynchronousSettings(
        max_retries=config.get("MaximumRetryAttempts", _DEFAULT_RETRIES),
        max_age_seconds=config.get("MaximumEventAgeInSeconds", _DEFAULT_EVENT_AGE_SECONDS),
        on_failure_arn=destination.get("Destination") or None,
    )


def _number(value: str | int | None) -> int | None:
    return None if value is None else int(value)
