"""The local cloud: AWS on one loopback port, in one process.

moto answers most requests. This project has its own EventBridge Scheduler and Lambda Invoke, because moto's scheduler
never fires and its Lambda needs Docker. control.py answers requests below `/_local/`, which AWS does not have.
"""

import logging
import signal
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Event
from time import monotonic
from urllib.parse import urlsplit

from moto.core.request import Request
from werkzeug.wrappers import Response

from local.aws_protocols.errors import access_denied, error_response
from local.aws_protocols.operations import Operation, operation_of
from local.endpoint.calls import Call, Calls
from local.endpoint.control import PREFIX, Control
from local.endpoint.faults import Faults, Refused
from local.endpoint.issuer import PATH as ISSUER_PATH
from local.endpoint.issuer import Issuer
from local.endpoint.mail import RefusedBySes, check_mail, set_account_details, set_default_configuration_set
from local.endpoint.origin import Origin, origin_of
from local.endpoint.outbox import Outbox
from local.endpoint.outbox_control import OutboxControl
from local.endpoint.outbox_message import Links
from local.endpoint.rest_apis import UserRequests, is_user_request
from local.endpoint.rules import ScheduledRules
from local.endpoint.s3_hosts import RefusedByS3, by_path
from local.endpoint.server import HOST, Server
from local.endpoint.sweeping import Sweeping
from local.endpoint.targets import FailureDestinations, Queues, ScheduleDeadLetters, ScheduleTargets
from local.endpoint.webhook_check import check_signature
from local.environment import ACCOUNT
from local.iam.enforce import AccessDenied, Iam, Mode, RoleNotTrusted
from local.lambda_runtime.responses import invoke
from local.lambda_runtime.runtime import LambdaRuntime
from local.moto_backends.apigateway import tag_resource
from local.moto_backends.application import Aws
from local.moto_backends.concurrency import account_settings
from local.moto_backends.dynamodb_lag import Lag
from local.moto_backends.unsupported import Unsupported
from local.scheduler import Lateness, Scheduler
from local.time.agenda import Agenda
from local.time.clock import Clock
from local.time.signal import TimeSignal
from local.time.travel import SECONDS_TO_WAIT, TimeTravel

_logger = logging.getLogger(__name__)

LineListener = Callable[[str, str], None]


class Cloud:
    """An AWS endpoint. It listens when it is made, and answers between `start` and `stop`.

    port: 0 chooses a free one. directory: for logs, unpacked functions and the issuer's key. iam: whether the policies
    of roles are enforced. api_url: of the API whose pages the outbox links to, "" for no links. on_line: called with
    (function name, line) for each line that a function logs. seconds_to_wait: for the end of a clock advance before it
    is answered. Raises PortUnavailable if the process cannot listen on the port. `scheduler` answers the requests to
    EventBridge Scheduler.
    """

    def __init__(
        self,
        port: int,
        *,
        clock: Clock,
        agenda: Agenda,
        directory: Path,
        lateness: Lateness = "none",
        iam: Mode = "off",
        api_url: str = "",
        on_line: LineListener = lambda *_: None,
        seconds_to_wait: float = SECONDS_TO_WAIT,
    ) -> None:
        self._clock = clock
        self._agenda = agenda
        self._server = Server(port, self._respond)
        self._outbox = Outbox(self._origin_of)
        time_signal = TimeSignal(clock, directory)
        self._faults = Faults()
        self._calls = Calls()
        self._iam = Iam(clock, iam)
        sweeping = Sweeping(clock, agenda, time_signal)
        self._issuer = Issuer(directory, self.endpoint + ISSUER_PATH)
        table_lag = Lag(clock.now)
        self._control = Control(
            clock=clock,
            time_travel=TimeTravel(clock, agenda, time_signal, seconds_to_wait=seconds_to_wait),
            time_signal=time_signal,
            outbox=OutboxControl(self._outbox, clock, self._links(api_url)),
            issuer=self._issuer,
            faults=self._faults,
            calls=self._calls,
            iam=self._iam,
            sweeping=sweeping,
            table_lag=table_lag,
        )
        self._aws = Aws(sweeping.follow, table_lag=table_lag)
        queues = Queues(self._aws)
        self._runtime = LambdaRuntime(
            clock,
            agenda,
            time_signal=time_signal,
            endpoint=self.endpoint,
            directory=directory / "lambda",
            destinations=FailureDestinations(queues, self._iam),
            on_line=on_line,
            begin_session=self._iam.begin_session,
        )
        self._user_requests = UserRequests(self._runtime, clock)
        self._rules = ScheduledRules(clock, agenda, self._runtime, sweeping)
        targets = ScheduleTargets(clock, self._runtime, queues, iam=self._iam, faults=self._faults, calls=self._calls)
        dead_letters = ScheduleDeadLetters(queues, self._iam)
        self.scheduler = Scheduler(
            clock, agenda, targets, dead_letters, lateness=lateness, may_assume=self._iam.lets_scheduler_assume
        )

    @property
    def endpoint(self) -> str:
        """The URL for AWS clients."""
        return f"http://{HOST}:{self._server.port}"

    def start(self) -> None:
        self._agenda.start()
        self._server.start()

    def stop(self) -> None:
        """Accept no more requests, stop firing, and stop every function."""
        self._faults.stop()
        self._server.stop()
        self._runtime.stop()
        self._agenda.stop()

    def _origin_of(self, access_key_id: str) -> Origin | None:
        return origin_of(self._runtime, access_key_id)

    def _links(self, api_url: str) -> Links:
        pages = {"console": f"{api_url}/console", "reference": f"{api_url}/docs"} if api_url else {}
        return Links(**pages, check=partial(check_signature, endpoint=self.endpoint))

    def _respond(self, request: Request) -> Response:
        if request.path.startswith(PREFIX):
            return self._control.respond(request)
        time, started = self._clock.now(), monotonic()
        try:
            operation = operation_of(by_path(request))
        except RefusedByS3 as refused:
            return refused.response()
        response = self._answer(operation)
        milliseconds = (monotonic() - started) * 1000
        self._list(Call(str(operation), time, operation.caller, response.status_code, milliseconds))
        return response

    def _list(self, call: Call) -> None:
        self._calls.add(call)
        _logger.info("%s by %s: %d in %.0f ms", call.operation, call.caller, call.status, call.milliseconds)

    def _answer(self, operation: Operation) -> Response:
        """Answer the request. Every error becomes a response that an SDK can read."""
        try:
            return self._faults.around(str(operation), lambda: self._do(operation))
        except (Refused, RefusedBySes) as refused:
            return error_response(operation, refused.status, refused.code, str(refused))
        except AccessDenied as denied:
            return access_denied(operation, str(denied))
        except RoleNotTrusted as untrusted:
            return error_response(operation, HTTPStatus.BAD_REQUEST, "InvalidParameterValueException", str(untrusted))
        except Unsupported as error:
            return error_response(
                operation,
                HTTPStatus.NOT_IMPLEMENTED,
                "NotImplemented",
                f"the local cloud does not support this: {error}",
            )
        except Exception:
            _logger.exception("%s failed", operation)
            message = "an error inside the local cloud; its log has the traceback"
            return error_response(operation, HTTPStatus.INTERNAL_SERVER_ERROR, "InternalFailure", message)

    def _do(self, operation: Operation) -> Response:
        self._iam.check_call(operation)
        check_mail(operation)
        response = self._dispatch(operation)
        self._outbox.record(operation, response.status_code, response.get_data(), self._clock.now())
        return response

    def _dispatch(self, operation: Operation) -> Response:
        if operation.service == "scheduler":
            return self._ask_scheduler(operation)
        if str(operation) == "lambda:Invoke":
            return invoke(self._runtime, operation)
        if is_user_request(operation.request):
            return self._user_requests.respond(operation.request)
        response = _answer_beside_moto(operation) or self._ask_moto(operation)
        if operation.service == "events":
            self._rules.refresh()
        return response

    def _ask_moto(self, operation: Operation) -> Response:
        """Raises Unsupported if moto lacks the operation or a part of it."""
        try:
            return self._aws.respond(operation.request)
        except NotImplementedError as lacking:  # by moto, for what it does not emulate; callers get one error for that
            raise Unsupported(str(lacking)) from lacking

    def _ask_scheduler(self, operation: Operation) -> Response:
        request = operation.request
        status, headers, body = self.scheduler.handle(
            request.method,
            urlsplit(request.raw_url).path,
            request.args.to_dict(flat=False),
            request.get_data(),
            region=operation.region,
            account=ACCOUNT,
        )
        return Response(body, status, headers)


def _answer_beside_moto(operation: Operation) -> Response | None:
    """Returns the answer to an operation that moto lacks; None for any other operation."""
    match str(operation):
        case "lambda:GetAccountSettings":
            return account_settings(operation.region)
        case "apigateway:TagResource":
            return tag_resource(operation.parameters["resourceArn"], operation.parameters["tags"])
        case "sesv2:PutEmailIdentityConfigurationSetAttributes":
            return set_default_configuration_set(operation)
        case "sesv2:PutAccountDetails":
            return set_account_details(operation)
    return None


def serve(
    port: int,
    *,
    directory: Path,
    lateness: Lateness = "none",
    iam: Mode = "off",
    api_url: str = "",
    on_line: LineListener = lambda *_: None,
) -> None:
    """Run the local cloud until SIGINT or SIGTERM. Raises PortUnavailable if it cannot listen on the port.

    Each request is a line in requests.log in the directory. Standard error gets failures only.
    """
    _log_to(directory / "requests.log")
    clock = Clock()
    cloud = Cloud(
        port,
        clock=clock,
        agenda=Agenda(clock),
        directory=directory,
        lateness=lateness,
        iam=iam,
        api_url=api_url,
        on_line=on_line,
    )
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    cloud.start()
    ended.wait()
    cloud.stop()


def _log_to(path: Path) -> None:
    everything = logging.FileHandler(path)
    failures = logging.StreamHandler()
    failures.setLevel(logging.ERROR)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[everything, failures])
