"""Where moto forgets what it was told, and this project would notice.

moto makes its backends from the class that `BackendDict.backend` names, and finds a backend's URLs beside its module:
hence the subclasses, and their `__module__`.
"""

from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.awslambda import models as lambda_models
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.iam.access_control import PermissionResult
from moto.s3 import models as s3_models
from moto.s3.models import FakeBucket
from moto.ses.models import EmailIdentity, SESBackend, ses_backends

from local.moto_backends.apigateway import RestApis
from local.moto_backends.concurrency import check_reservation


def mend_moto() -> None:
    """For this process; to be called before moto is asked for anything."""
    apigateway_backends.backend = RestApis
    lambda_models.LambdaFunction = _Function  # type: ignore[misc]
    lambda_backends.backend = _Functions
    ses_backends.backend = _Mail
    s3_models.FakeBucket = _Bucket  # type: ignore[misc]


class _Function(LambdaFunction):
    """Keeps its LoggingConfig: without, Terraform wants to change it for ever, and JSON logs are lost."""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        super().__init__(account_id, spec, region, version)
        default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
        self.logging_config: dict[str, str] = default | spec.get("LoggingConfig", {})

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - moto's signature
        return super().get_configuration(on_create) | {"LoggingConfig": self.logging_config}

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        self.logging_config |= config_updates.get("LoggingConfig", {})
        return super().update_configuration(config_updates)


class _Functions(LambdaBackend):
    __module__ = LambdaBackend.__module__

    def put_function_concurrency(self, function_name: str, reserved_concurrency: str) -> str:
        """Refuse what leaves too little for other functions; moto has no limit."""
        self.get_function(function_name)  # raises what becomes a 404
        check_reservation(self.list_functions(), function_name, int(reserved_concurrency))
        return super().put_function_concurrency(function_name, reserved_concurrency)

    def put_function_event_invoke_config(self, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Replace the function's config; moto's own adds another, and goes on with the first."""
        self.get_function(function_name).event_invoke_config.clear()
        return super().put_function_event_invoke_config(function_name, config)

    def update_function_event_invoke_config(self, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Change what `config` names and keep the rest."""
        known = self.get_function(function_name).event_invoke_config
        return self.put_function_event_invoke_config(function_name, (known[0].config if known else {}) | config)


class _Mail(SESBackend):
    __module__ = SESBackend.__module__

    def create_email_identity_v2(
        self,
        email_identity: str,
        tags: list[dict[str, str]] | None,
        dkim_signing_attributes: object | None,
        configuration_set_name: str | None,
    ) -> EmailIdentity:
        """Verified at once: on a laptop nobody reads the mail with the link."""
        identity = super().create_email_identity_v2(
            email_identity, tags, dkim_signing_attributes, configuration_set_name
        )
        identity.verified_for_sending_status = True
        return identity


class _Bucket(FakeBucket):
    """Policies are not enforced here. moto reads a bucket's without its conditions: ours would refuse everything."""

    def get_permission(self, action: str, resource: str) -> PermissionResult:  # noqa: ARG002 - moto's signature
        return PermissionResult.NEUTRAL
