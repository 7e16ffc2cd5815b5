"""Permission checks of the local cloud: at each call, at each delivery, and when a service receives a role."""

import logging
from collections.abc import Mapping
from typing import Literal

from local.aws_protocols.operations import Operation
from local.iam.calls import log_needs, needs_of
from local.iam.decisions import Decision, Decisions
from local.iam.policies import Need, Verdict, judge
from local.iam.principals import Principal, new_session, principal_of
from local.iam.roles import rights_of, trust_of
from local.lambda_runtime.function import Function
from local.scheduler.service import NOT_TRUSTED
from local.time.clock import Clock

Mode = Literal["enforce", "off"]

_SCHEDULER = "scheduler.amazonaws.com"
_LAMBDA = "lambda.amazonaws.com"

_logger = logging.getLogger(__name__)


class AccessDenied(Exception):
    """The role lacks the permission. The message is AWS's."""

    def __init__(self, principal: Principal, need: Need, verdict: Verdict) -> None:
        why = (
            "with an explicit deny in an identity-based policy"
            if verdict.by
            else f"because no identity-based policy allows the {need.action} action"
        )
        super().__init__(
            f"User: {principal.arn} is not authorized to perform: {need.action} on resource: {need.resource} {why}"
        )


class RoleNotTrusted(Exception):
    """The role does not let the service assume it. The message is AWS's."""


class Iam:
    """Evaluates permissions and keeps the decisions. With mode "off" everything is allowed and nothing is kept."""

    def __init__(self, clock: Clock, mode: Mode) -> None:
        self.mode = mode
        self.decisions = Decisions()
        self._clock = clock

    def check_call(self, operation: Operation) -> None:
        """Raises AccessDenied; RoleNotTrusted if a function's role does not trust Lambda, which Lambda checks first."""
        if self.mode == "off":
            return
        principal = principal_of(operation.access_key_id)
        if principal is not None:
            for need in needs_of(operation):
                self._require(principal, need)
        if str(operation) == "lambda:CreateFunction":
            self._require_trust_in_lambda(operation.parameters.get("Role", ""))

    def lets_scheduler_assume(self, role_arn: str, schedule_arn: str) -> bool:
        """https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html."""
        group_arn = _group_of(schedule_arn)
        context = (("aws:SourceAccount", group_arn.split(":")[4]), ("aws:SourceArn", group_arn))
        return self.mode == "off" or self._is_trusting(role_arn, Need("sts:AssumeRole", role_arn, context, _SCHEDULER))

    def check_delivery(self, role_arn: str, schedule_arn: str, action: str, resource: str) -> None:
        """Checks what EventBridge Scheduler does for the schedule as the role. Raises AccessDenied, RoleNotTrusted."""
        if self.mode == "off":
            return
        if not self.lets_scheduler_assume(role_arn, schedule_arn):
            raise RoleNotTrusted(NOT_TRUSTED)
        self._require(Principal(role_arn, "scheduler"), Need(action, resource))

    def check_destination(self, function: Function, queue_arn: str) -> None:
        """Checks that Lambda may send a failed event there as the function's role. Raises AccessDenied."""
        if self.mode == "enforce":
            self._require(Principal(function.role_arn, function.name), Need("sqs:SendMessage", queue_arn))

    def begin_session(self, function: Function) -> Mapping[str, str]:
        """Returns the credentials of a new execution environment as environment variables."""
        if self.mode == "enforce":
            self._look_at_log_rights(function)
        return new_session(function.role_arn, function.name, region=function.region)

    def _look_at_log_rights(self, function: Function) -> None:
        """Records whether the role may write its log. If not, AWS drops the log; here it is written to a file."""
        for need in log_needs(function.logging["LogGroup"], function.region):
            try:
                self._require(Principal(function.role_arn, function.name), need)
            except AccessDenied as denied:
                _logger.error("on AWS this log would be lost: %s", denied)  # noqa: TRY400 - the traceback adds nothing

    def _require_trust_in_lambda(self, role_arn: str) -> None:
        if not self._is_trusting(role_arn, Need("sts:AssumeRole", role_arn, service=_LAMBDA)):
            raise RoleNotTrusted("The role defined for the function cannot be assumed by Lambda.")

    def _is_trusting(self, role_arn: str, need: Need) -> bool:
        verdict = judge(trust_of(role_arn), need)
        self.decisions.add(Decision(need.service, role_arn, need, verdict), self._clock.now())
        return verdict.allowed

    def _require(self, principal: Principal, need: Need) -> None:
        """Raises AccessDenied."""
        verdict = judge(rights_of(principal.role_arn), need)
        self.decisions.add(Decision(principal.arn, principal.role_arn, need, verdict), self._clock.now())
        if not verdict.allowed:
            raise AccessDenied(principal, need, verdict)


def _group_of(schedule_arn: str) -> str:
    """Returns arn:…:schedule-group/{group} for arn:…:schedule/{group}/{name}."""
    home, _, group_and_name = schedule_arn.rpartition(":schedule/")
    return f"{home}:schedule-group/{group_and_name.partition('/')[0]}"
