"""Prepares `render`: compares Python, account and Region, and fetches Chalice's record from S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deploy.errors import DeployError
from deploy.operate.aws import as_deploy_errors
from deploy.operate.chalice_record import LocalRecord, api_id_of
from deploy.rollout.kept_record import chosen, record_in_s3, record_of_api
from deploy.rollout.target import check_python, check_target, target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import boto3

    from deploy.operate.chalice_record import Content, Stored
    from deploy.terraform.backend import StateLocation


def prepare(
    stage: str,
    project: Path,
    outputs: Mapping[str, str],
    session: boto3.Session,
    location: StateLocation | None,
    *,
    app_name: str,
    api_id: str | None = None,
) -> Callable[[], Path | None]:
    """Make every check. Returns a function that writes the record and returns its path, or None if it did not change.

    `location`: of Terraform's state; None if it is not in S3. `api_id`: of the existing REST API, given by the operator
    because the record is lost; None if it is not lost.
    Raises DeployError if a check fails; then nothing was written.
    """
    check_python(outputs["lambda_runtime"])
    check_target(target_of(outputs), stage, session)
    local = LocalRecord(project, stage)
    with as_deploy_errors():
        kept = _fetched(session, location)
        function = f"{app_name}-{stage}"
        content = chosen(local.read(), local.fetched, kept) if api_id is None else _adopted(session, api_id, function)
        if api_id_of(content) is None:
            _refuse_a_second_api(session, function, stage, local, location)
    return lambda: _written(local, content, kept)


def _fetched(session: boto3.Session, location: StateLocation | None) -> Stored | None:
    return record_in_s3(session, location).fetch() if location else None


def _written(local: LocalRecord, content: Content | None, kept: Stored | None) -> Path | None:
    changed = content is not None and content != local.read()
    if changed and content is not None:
        local.write(content)
    if kept is not None and kept != local.fetched:
        local.note(kept)
    return local.path if changed else None


def _adopted(session: boto3.Session, api_id: str, function: str) -> Content:
    """Returns a record of an existing API.

    Raises ClientError if there is no such API, and DeployError if it belongs to another stage or app.
    """
    session.client("apigateway").get_rest_api(restApiId=api_id)
    apis = _apis_that_invoke(session, function)
    if api_id not in apis:
        raise DeployError(
            f"The REST API {api_id} does not invoke {function}: it belongs to another stage or app, and chalice deploy "
            f"would replace it. Nothing was changed. REST APIs that invoke {function}: {', '.join(apis) or 'none'}."
        )
    return record_of_api(api_id)


def _refuse_a_second_api(
    session: boto3.Session, function: str, stage: str, local: LocalRecord, location: StateLocation | None
) -> None:
    apis = _apis_that_invoke(session, function)
    if not apis:
        return
    kept = str(record_in_s3(session, location)) if location else "Terraform's state, which is not in S3"
    raise DeployError(
        f"The function {function} is deployed behind the REST API {' and '.join(apis)}, but neither {local.path} nor "
        f"{kept} records it: chalice deploy would make a second API under a new URL. Nothing was changed. On the "
        f"machine that deployed last, run python -m deploy finish --stage {stage}. Or name the API to keep: "
        f"python -m deploy render --stage {stage} --api-id {apis[0]}"
    )


def _apis_that_invoke(session: boto3.Session, function: str) -> list[str]:
    """Returns the ids of existing REST APIs that may invoke the function. Chalice grants the permission to each API."""
    client = session.client("lambda")
    try:
        policy = json.loads(client.get_policy(FunctionName=function)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return []
    sources = [_source_of(statement) for statement in policy["Statement"]]
    named = {source.split(":")[5].partition("/")[0] for source in sources if ":execute-api:" in source}
    existing = session.client("apigateway").get_paginator("get_rest_apis").paginate()
    return sorted(named & {api["id"] for page in existing for api in page["items"]})


def _source_of(statement: Mapping[str, object]) -> str:
    """Returns the source ARN that a statement of a function's policy is limited to; empty if it is not limited."""
    match statement:
        case {"Condition": {"ArnLike": {"AWS:SourceArn": str(arn)}}}:
            return arn
    return ""
