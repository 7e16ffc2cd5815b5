"""The permissions that a call to AWS needs: action and resource, as in the Service Authorization Reference.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

The operations that the product calls are listed in full. Any other operation needs its action on the resource `*`, so a
role with exact ARNs is refused. A new call needs an entry here.
"""

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends
from moto.ses.models import EmailIdentity

from local.aws_protocols.operations import Operation
from local.environment import ACCOUNT
from local.iam.policies import Need
from local.moto_backends.ses import configuration_set_of, identity_of, recipients_of

Parameters = Mapping[str, Any]
Reader = Callable[[Operation, Parameters], list[Need]]

_PREFIXES = {"sesv2": "ses", "stepfunctions": "states"}
"""The prefix of a service's actions, where it differs from botocore's name of the service."""


def needs_of(operation: Operation) -> list[Need]:
    """Returns each permission once, in the order of the request."""
    reader = _READERS.get(str(operation)) or _READERS.get(operation.service) or _read_other
    return list(dict.fromkeys(reader(operation, operation.parameters)))


def log_needs(log_group: str, region: str) -> list[Need]:
    """The permissions that a function's role needs so that Lambda can write its log."""
    stream = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{log_group}:log-stream:local"
    return [Need("logs:CreateLogStream", stream), Need("logs:PutLogEvents", stream)]


def _read_other(operation: Operation, _: Parameters) -> list[Need]:
    return [Need(_action(operation), "*")]


def _read_nothing(*_: Any) -> list[Need]:
    return []


# DynamoDB: a transaction is judged by its parts, a batch as itself, a query of an index by the index alone.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html

_PARTS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}


def _read_table(operation: Operation, parameters: Parameters) -> list[Need]:
    if "TableName" not in parameters:
        return _read_other(operation, parameters)
    table = _table_arn(operation, parameters["TableName"])
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return [Need(_action(operation), table + index)]


def _read_transaction(operation: Operation, parameters: Parameters) -> list[Need]:
    return [
        Need(f"dynamodb:{_PARTS[kind]}", _table_arn(operation, members["TableName"]))
        for item in parameters["TransactItems"]
        for kind, members in item.items()
    ]


def _read_batch(operation: Operation, parameters: Parameters) -> list[Need]:
    return [Need(_action(operation), _table_arn(operation, name)) for name in parameters["RequestItems"]]


def _table_arn(operation: Operation, name: str) -> str:
    return name if name.startswith("arn:") else _arn(operation, f"table/{name}")


# EventBridge Scheduler. https://docs.aws.amazon.com/scheduler/latest/UserGuide/security_iam_service-with-iam.html


def _read_schedule(operation: Operation, parameters: Parameters) -> list[Need]:
    schedule = f"schedule/{parameters.get('GroupName', 'default')}/{parameters['Name']}"
    return [Need(_action(operation), _arn(operation, schedule))]


def _read_schedule_with_role(operation: Operation, parameters: Parameters) -> list[Need]:
    role = parameters.get("Target", {}).get("RoleArn", "")
    passing = Need("iam:PassRole", role, (("iam:PassedToService", "scheduler.amazonaws.com"),))
    return [*_read_schedule(operation, parameters), passing]


# The other services: one resource for each call.


def _read_invoke(operation: Operation, parameters: Parameters) -> list[Need]:
    """Accepts the function's name, partial ARN or ARN, each with or without a qualifier."""
    name = parameters["FunctionName"].rpartition("function:")[2]
    qualifier = f":{parameters['Qualifier']}" if "Qualifier" in parameters else ""
    return [Need("lambda:InvokeFunction", _arn(operation, f"function:{name}{qualifier}"))]


def _read_queue(operation: Operation, parameters: Parameters) -> list[Need]:
    if "QueueUrl" not in parameters:
        return _read_other(operation, parameters)
    name = parameters["QueueUrl"].rpartition("/")[2]
    return [Need(_action(operation).removesuffix("Batch"), _arn(operation, name))]


def _read_mail(operation: Operation, parameters: Parameters) -> list[Need]:
    """Returns the sender's identity, the configuration set, and each recipient that is an identity of the account.

    SES was seen to refuse on a recipient's identity (aws-sdk-js 3641), and on the set that an identity has by default.
    """
    action = "ses:SendRawEmail" if "Raw" in parameters["Content"] else "ses:SendEmail"
    sender, region = parameters.get("FromEmailAddress", ""), operation.region
    named = parameters.get("ConfigurationSetName")
    chosen = configuration_set_of(sender, named, region)
    identities = [identity_of(sender, region), *(identity_of(to, region) for to in recipients_of(parameters))]
    senders = parameters.get("FromEmailAddressIdentityArn") or _identity_arn(operation, identities[0], sender)
    resources = [
        senders,
        *(_identity_arn(operation, identity) for identity in identities[1:] if identity),
        *([_arn(operation, f"configuration-set/{chosen}")] if chosen else []),
    ]
    context = (("ses:FromAddress", parseaddr(sender)[1]),)
    return [Need(action, resource, context) for resource in resources]


def _identity_arn(operation: Operation, identity: EmailIdentity | None, otherwise: str = "") -> str:
    """The identity that covers the address; the address itself if there is none."""
    return _arn(operation, f"identity/{identity.email_identity if identity else parseaddr(otherwise)[1]}")


def _read_events(operation: Operation, parameters: Parameters) -> list[Need]:
    buses = [entry.get("EventBusName", "default") for entry in parameters["Entries"]]
    return [
        Need("events:PutEvents", bus if bus.startswith("arn:") else _arn(operation, f"event-bus/{bus}"))
        for bus in buses
    ]


def _read_secret(operation: Operation, parameters: Parameters) -> list[Need]:
    """Adds a placeholder for the six random characters at the end of a secret's ARN."""
    found = secretsmanager_backends[ACCOUNT][operation.region].secrets.get(parameters["SecretId"])
    return [Need(_action(operation), found.arn if found else _arn(operation, f"secret:{parameters['SecretId']}"))]


def _read_publish(operation: Operation, parameters: Parameters) -> list[Need]:
    """The resource of a text message is the phone number, which only `*` or a NotResource allows."""
    topic_or_device = parameters.get("TopicArn") or parameters.get("TargetArn")
    return [Need(_action(operation), topic_or_device or parameters.get("PhoneNumber", "*"))]


_OBJECT_ACTIONS = {"HeadObject": "GetObject"}
_BUCKET_ACTIONS = {"ListObjectsV2": "ListBucket", "ListObjects": "ListBucket", "HeadBucket": "ListBucket"}


def _read_object(operation: Operation, parameters: Parameters) -> list[Need]:
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    if operation.name in _BUCKET_ACTIONS:
        return [Need(f"s3:{_BUCKET_ACTIONS[operation.name]}", bucket)]
    if "Key" not in parameters:
        return _read_other(operation, parameters)
    return [Need(f"s3:{_OBJECT_ACTIONS.get(operation.name, operation.name)}", f"{bucket}/{parameters['Key']}")]


def _action(operation: Operation) -> str:
    return f"{_PREFIXES.get(operation.service, operation.service)}:{operation.name}"


def _arn(operation: Operation, resource: str) -> str:
    service = _PREFIXES.get(operation.service, operation.service)
    return f"arn:aws:{service}:{operation.region}:{ACCOUNT}:{resource}"


_READERS: dict[str, Reader] = {
    "dynamodb": _read_table,
    "dynamodb:BatchGetItem": _read_batch,
    "dynamodb:BatchWriteItem": _read_batch,
    "dynamodb:TransactGetItems": _read_transaction,
    "dynamodb:TransactWriteItems": _read_transaction,
    "events:PutEvents": _read_events,
    "lambda:Invoke": _read_invoke,
    "s3": _read_object,
    "s3:ListBuckets": _read_other,
    "scheduler:CreateSchedule": _read_schedule_with_role,
    "scheduler:DeleteSchedule": _read_schedule,
    "scheduler:GetSchedule": _read_schedule,
    "scheduler:UpdateSchedule": _read_schedule_with_role,
    "secretsmanager:DescribeSecret": _read_secret,
    "secretsmanager:GetSecretValue": _read_secret,
    "sesv2:SendEmail": _read_mail,
    "sns:Publish": _read_publish,
    "sqs": _read_queue,
    "sts:GetCallerIdentity": _read_nothing,  # never refused (STS API reference)
}
"""For each operation, and for a service's remaining operations: the function that reads the permissions."""
