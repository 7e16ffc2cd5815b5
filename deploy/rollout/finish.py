"""The last command of a deployment: stores Chalice's record, and sets what Chalice cannot. It is idempotent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.api.edge.cors import SETTING, read_origins
from deploy.build.render import read_config_of
from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors
from deploy.operate.chalice_record import LocalRecord
from deploy.operate.throttle import api_stage_of
from deploy.rollout.kept_record import record_in_s3
from deploy.rollout.rest_api import RestApi
from deploy.rollout.sweep_retries import try_sweeps_once
from deploy.rollout.target import check_target, target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import boto3

    from deploy.operate.chalice_record import Content
    from deploy.terraform.backend import StateLocation


def finish(
    stage: str,
    project: Path,
    outputs: Mapping[str, str],
    session: boto3.Session,
    location: StateLocation | None,
    *,
    tell: Callable[[str], None] = print,
) -> None:
    """Complete a deployment. `outputs`: Terraform's. `location`: of its state; None if it is not in S3.

    The record is stored first: with it, any machine can repeat the rest. Raises DeployError if this shell is set to
    another account or Region, the API does not exist, or AWS refuses.
    """
    target = target_of(outputs)
    check_target(target, stage, session)
    local = LocalRecord(project, stage)
    content, api_id = local.deployed()
    api = RestApi(session.client("apigateway"), api_id, api_stage_of(stage, project), target)
    with as_deploy_errors():
        if not api.exists():
            raise DeployError(
                f"{local.path} names the REST API {api_id}, which does not exist: run chalice deploy --stage {stage}."
            )
        tell(_stored(local, content, session, location))
        for changed in api.complete(
            rate=float(outputs["api_rate_limit"]),
            burst=int(outputs["api_burst_limit"]),
            origins=_origins(stage, project),
            tags={"Project": outputs["project_name"], "Stage": stage, "ManagedBy": "chalice"},
        ):
            tell(changed)
        if tried_once := try_sweeps_once(session.client("lambda"), content):
            tell(tried_once)
    tell(f"stage {stage} is deployed: REST API {api_id}")


def _origins(stage: str, project: Path) -> tuple[str, ...]:
    config = read_config_of(stage, project)
    variables = config.get("environment_variables", {}) | config["stages"][stage].get("environment_variables", {})
    try:
        return read_origins(variables.get(SETTING, ""))
    except ValueError as error:
        raise DeployError(f"{SETTING} of stage {stage}: {error}") from error


def _stored(local: LocalRecord, content: Content, session: boto3.Session, location: StateLocation | None) -> str:
    if location is None:
        return f"Warning: Terraform's state is not in S3, so {local.path} is kept on this machine only"
    kept = record_in_s3(session, location)
    existing = kept.fetch()
    if existing is not None and existing.content == content:
        local.note(existing)
    else:
        local.note(kept.store(content, local.fetched if existing else None))
    return f"Chalice's record is kept in {kept}"
