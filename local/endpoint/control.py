"""Requests below `/_local/`, which AWS does not have.

They show and set the health, outbox, issuer, clock, faults, calls, sweeper, the lag of DynamoDB's lists, and IAM's
decisions.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import BadRequest, Conflict, HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from local.endpoint.calls import Calls
from local.endpoint.faults import Faults, InvalidFault
from local.endpoint.issuer import PATH as ISSUER_PATH
from local.endpoint.issuer import Issuer
from local.endpoint.outbox_control import OutboxControl
from local.endpoint.sign_in import SignIn
from local.endpoint.sweeping import Sweeping
from local.iam.enforce import Iam
from local.moto_backends.dynamodb_lag import Lag
from local.time.clock import Clock
from local.time.signal import TimeSignal
from local.time.travel import ClockAdvanceInProgress, InvalidClockAdvance, TimeTravel

PREFIX = "/_local/"

View = Callable[[Request], Response]


class Control:
    """Answers requests whose path starts with PREFIX."""

    def __init__(
        self,
        *,
        clock: Clock,
        time_travel: TimeTravel,
        time_signal: TimeSignal,
        outbox: OutboxControl,
        issuer: Issuer,
        faults: Faults,
        calls: Calls,
        iam: Iam,
        sweeping: Sweeping,
        table_lag: Lag,
    ) -> None:
        self._clock = clock
        self._time_travel = time_travel
        self._time_signal = time_signal
        self._issuer = issuer
        sign_in = SignIn(issuer)
        self._faults = faults
        self._calls = calls
        self._iam = iam
        self._sweeping = sweeping
        self._table_lag = table_lag
        self._routes: dict[str, dict[str, View]] = {
            f"{PREFIX}health": {"GET": self._health},
            **outbox.routes,
            f"{PREFIX}clock": {"GET": self._show_clock, "POST": self._set_clock},
            f"{PREFIX}clock/journey": {"DELETE": self._end_journey},
            f"{PREFIX}clock/webhooks": {"GET": self._show_signing_time, "POST": self._set_signing_time},
            f"{PREFIX}faults": {"GET": self._show_faults, "POST": self._add_fault, "DELETE": self._remove_faults},
            f"{PREFIX}calls": {"GET": self._show_calls, "DELETE": self._forget_calls},
            f"{PREFIX}iam": {"GET": self._show_iam},
            f"{PREFIX}table-lag": {"GET": self._show_table_lag, "POST": self._set_table_lag},
            f"{PREFIX}sweeper": {"GET": self._show_sweeper, "POST": self._register_sweeper},
            f"{ISSUER_PATH}/authorize": {"GET": sign_in.show, "POST": sign_in.submit},
            f"{ISSUER_PATH}/token": {"POST": sign_in.token, "OPTIONS": sign_in.preflight},
            f"{ISSUER_PATH}/.well-known/openid-configuration": {"GET": self._issuer_configuration},
            f"{ISSUER_PATH}/.well-known/jwks.json": {"GET": self._issuer_keys},
        }

    def respond(self, request: Request) -> Response:
        try:
            return self._view(request)(request)
        except HTTPException as error:
            return _json({"message": error.description}, HTTPStatus(error.code or HTTPStatus.BAD_REQUEST))

    def _view(self, request: Request) -> View:
        views = self._routes.get(request.path)
        if views is None:
            raise NotFound(f"unknown path {request.path}; allowed: {', '.join(self._routes)}")
        if request.method not in views:
            raise MethodNotAllowed(
                description=f"method {request.method} is not allowed at {request.path}; allowed: {', '.join(views)}"
            )
        return views[request.method]

    def _health(self, _: Request) -> Response:
        return _json({"status": "ok", "now": self._clock.now().isoformat()})

    def _show_clock(self, _: Request) -> Response:
        return _json(self._time_travel.state())

    def _set_clock(self, request: Request) -> Response:
        """Returns 200 after the advance, or 202 while a long one is in progress; GET shows its progress."""
        try:
            self._time_travel.advance(_members(request))
        except InvalidClockAdvance as error:
            raise BadRequest(str(error)) from error
        except ClockAdvanceInProgress as error:
            raise Conflict(f"a clock advance is in progress; DELETE {PREFIX}clock/journey ends it") from error
        state = self._time_travel.state()
        return _json(state, HTTPStatus.ACCEPTED if state["travelling"] else HTTPStatus.OK)

    def _end_journey(self, _: Request) -> Response:
        self._time_travel.end()
        return _json(self._time_travel.state())

    def _show_signing_time(self, _: Request) -> Response:
        return _json({"time": "real" if self._time_signal.signs_with_real_time else "clock"})

    def _set_signing_time(self, request: Request) -> Response:
        match _members(request):
            case {"time": "real" | "clock" as time, **rest} if not rest:
                self._time_signal.sign_with_real_time(time == "real")
                return self._show_signing_time(request)
        raise BadRequest('the body must be {"time": "real"} or {"time": "clock"}: the time in webhook signatures')

    def _show_faults(self, _: Request) -> Response:
        return _json({"faults": [fault.as_json() for fault in self._faults.all()]})

    def _add_fault(self, request: Request) -> Response:
        try:
            fault = self._faults.add(_members(request))
        except InvalidFault as error:
            raise BadRequest(str(error)) from error
        return _json(fault.as_json(), HTTPStatus.CREATED)

    def _remove_faults(self, _: Request) -> Response:
        self._faults.clear()
        return _nothing()

    def _show_calls(self, request: Request) -> Response:
        """Returns the latest 10,000 calls, and in `dropped` how many older ones are missing.

        With ?operation=dynamodb:PutItem it returns those of this operation only. `*` matches any text.
        """
        pattern = request.args.get("operation", "*")
        calls = [call.as_json() for call in self._calls.all() if fnmatchcase(call.operation, pattern)]
        return _json({"count": len(calls), "dropped": self._calls.dropped, "calls": calls})

    def _forget_calls(self, _: Request) -> Response:
        self._calls.clear()
        return _nothing()

    def _show_iam(self, _: Request) -> Response:
        decisions = self._iam.decisions.all()
        return _json({"mode": self._iam.mode, "count": len(decisions), "decisions": decisions})

    def _show_table_lag(self, _: Request) -> Response:
        return _json({"seconds": self._table_lag.by.total_seconds()})

    def _set_table_lag(self, request: Request) -> Response:
        try:
            self._table_lag.set(timedelta(seconds=_members(request)["seconds"]))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadRequest(
                'the body must be {"seconds": 20}: the lag of DynamoDB\'s lists; allowed: 0 to 60'
            ) from error
        return self._show_table_lag(request)

    def _show_sweeper(self, _: Request) -> Response:
        if self._sweeping.url is None:
            raise NotFound(f"no sweeper is registered; POST {PREFIX}sweeper registers one")
        return _json({"url": self._sweeping.url})

    def _register_sweeper(self, request: Request) -> Response:
        match _members(request):
            case {"url": str(url), **rest} if url.startswith("http://127.0.0.1:") and not rest:
                self._sweeping.register(url)
                return _nothing()
        raise BadRequest('the body must be {"url": "http://127.0.0.1:1234/"}: a POST to this URL runs the sweeper')

    def _issuer_configuration(self, _: Request) -> Response:
        return _json(self._issuer.configuration())

    def _issuer_keys(self, _: Request) -> Response:
        return _json(self._issuer.keys())


def _members(request: Request) -> dict[str, Any]:
    """Returns the request's body, a JSON object. Raises BadRequest if it is no JSON object."""
    try:
        members = json.loads(request.get_data())
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise BadRequest("the body is not a JSON object")
    return members


def _nothing() -> Response:
    return Response(status=HTTPStatus.NO_CONTENT)


def _json(body: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(json.dumps(body), status, {"Cache-Control": "no-store"}, content_type="application/json")
