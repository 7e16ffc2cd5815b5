"""The targets of schedules, the dead-letter queues of schedules, and the failure destinations of functions."""

from collections.abc import Mapping
from http import HTTPStatus

from local.aws_protocols.errors import ACCESS_DENIED
from local.endpoint.calls import Call, Calls
from local.endpoint.faults import Faults, Refused
from local.iam.enforce import AccessDenied, Iam, RoleNotTrusted
from local.lambda_runtime.asynchronous import DestinationUnavailable
from local.lambda_runtime.function import Function, FunctionNotFound, find_function
from local.lambda_runtime.runtime import LambdaRuntime, new_invocation
from local.moto_backends.application import Aws, AwsError
from local.scheduler import Invocation, TargetError
from local.time.clock import Clock


class Queues:
    """Sends messages to SQS queues in this process."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def send(self, queue_arn: str, body: str, attributes: Mapping[str, str] | None = None) -> None:
        """Send a message, with each attribute as a String. Raises AwsError if SQS refuses it or the ARN is no queue."""
        if queue_arn.split(":")[2] != "sqs":
            raise AwsError(
                "UnsupportedTarget", f"{queue_arn} is not supported by the local cloud; allowed: an SQS queue"
            )
        self._aws.send_message(queue_arn, body, attributes or {})


class FailureDestinations:
    """Sends records to the on-failure destinations of asynchronous invocations."""

    def __init__(self, queues: Queues, iam: Iam) -> None:
        self._queues = queues
        self._iam = iam

    def send(self, function: Function, arn: str, message: str) -> None:
        """Raises DestinationUnavailable if the function's role lacks the permission, or if SQS refuses the message."""
        try:
            self._iam.check_destination(function, arn)
            self._queues.send(arn, message)
        except (AccessDenied, AwsError) as error:
            raise DestinationUnavailable(str(error)) from error


class ScheduleDeadLetters:
    """Sends messages to the dead-letter queues of schedules."""

    def __init__(self, queues: Queues, iam: Iam) -> None:
        self._queues = queues
        self._iam = iam

    def send(self, invocation: Invocation, queue_arn: str, body: str, attributes: Mapping[str, str]) -> None:
        """Raises AccessDenied or RoleNotTrusted if the schedule's role may not send, AwsError if SQS refuses."""
        self._iam.check_delivery(invocation.role_arn, invocation.schedule_arn, "sqs:SendMessage", queue_arn)
        self._queues.send(queue_arn, body, attributes)


class ScheduleTargets:
    """Delivers to the targets of schedules: functions, which are invoked asynchronously as on AWS, and queues."""

    def __init__(
        self, clock: Clock, runtime: LambdaRuntime, queues: Queues, *, iam: Iam, faults: Faults, calls: Calls
    ) -> None:
        self._clock = clock
        self._runtime = runtime
        self._queues = queues
        self._iam = iam
        self._faults = faults
        self._calls = calls

    def deliver(self, invocation: Invocation) -> None:
        """Deliver the payload. Raises TargetError, which is retryable only for an injected fault."""
        service = invocation.target_arn.split(":")[2]
        operation, work = ("lambda:Invoke", self._invoke) if service == "lambda" else ("sqs:SendMessage", self._send)
        status = HTTPStatus.ACCEPTED
        try:
            self._faults.around(operation, lambda: work(invocation))
        except TargetError as error:
            status = HTTPStatus.FORBIDDEN if error.code == ACCESS_DENIED else HTTPStatus.NOT_FOUND
            raise
        except Refused as refused:
            status = refused.status
            raise TargetError(refused.code, str(refused), retryable=True) from refused
        finally:
            self._calls.add(Call(operation, self._clock.now(), caller="scheduler", status=status, milliseconds=0))

    def _invoke(self, invocation: Invocation) -> None:
        self._require(invocation, "lambda:InvokeFunction")
        try:
            function = find_function(invocation.target_arn)
        except FunctionNotFound as error:
            raise TargetError("ResourceNotFoundException", str(error), retryable=False) from error
        self._runtime.submit(new_invocation(function, invocation.payload.encode()))

    def _send(self, invocation: Invocation) -> None:
        self._require(invocation, "sqs:SendMessage")
        try:
            self._queues.send(invocation.target_arn, invocation.payload)
        except AwsError as error:
            raise TargetError(error.code, error.message, retryable=False) from error

    def _require(self, invocation: Invocation, action: str) -> None:
        """Raises TargetError if the permission is missing. Like EventBridge rules, it is not retried (emulation.md)."""
        try:
            self._iam.check_delivery(invocation.role_arn, invocation.schedule_arn, action, invocation.target_arn)
        except (AccessDenied, RoleNotTrusted) as denied:
            raise TargetError(ACCESS_DENIED, str(denied), retryable=False) from denied
