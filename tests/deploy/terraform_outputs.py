"""Terraform's outputs of a stage, made up, for tests that need no terraform."""

import json
from pathlib import Path

from deploy.rollout.target import RUNNING

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": ["arn"]}],
}


def outputs(stage: str = "dev", **changed: str) -> dict[str, str]:
    return {
        "stage_name": stage,
        "project_name": "tasks",
        "app_name": "tasks",
        "lambda_architecture": "arm64",
        "lambda_runtime": RUNNING,
        "scheduler_group_name": f"tasks-scheduler-group-{stage}",
        "scheduler_role_arn": "arn:aws:iam::123456789012:role/tasks-scheduler",
        "notification_lambda_arn": "arn:aws:lambda:eu-central-1:123456789012:function:tasks-notification",
        "table_name": f"tasks-schedules-{stage}",
        "delivery_dead_letter_queue_arn": "arn:aws:sqs:eu-central-1:123456789012:tasks-delivery-dead-letters",
        "webhook_master_secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tasks-webhook-master",
        "event_age_seconds": "600",
        "run_retention_days": "30",
        "cors_origins": "https://app.example.com",
        "console_client_id": "7m4pq2example",
        "console_scopes": "",
        "api_rate_limit": "100",
        "api_burst_limit": "200",
        "api_policy_json": json.dumps(POLICY),
    } | changed


def as_terraform_says(values: dict[str, str]) -> str:
    """The answer of `terraform output -json`."""
    return json.dumps({name: {"value": value} for name, value in values.items()})


def outputs_file(folder: Path, **changed: str) -> Path:
    path = folder / "outputs.json"
    path.write_text(as_terraform_says(outputs(**changed)))
    return path
