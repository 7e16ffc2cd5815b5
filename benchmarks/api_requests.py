"""Measures the CPU time of requests to the API: `python -m benchmarks api_requests`.

The requests create a schedule, read one and list 100, beside a bare Chalice route that checks the same RS256 token with
PyJWT, sends the same AWS calls and returns the items. A server in another process answers at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from time import thread_time
from typing import TYPE_CHECKING, Any

import boto3
import jwt
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from chalice.app import Chalice
from chalice.local import LambdaEventConverter, RouteMatcher
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from benchmarks.answers import OTHER, endpoint
from benchmarks.measure import Goal, Measured, Row
from chalicelib.api.auth import Authenticator, Scope, SigningKeys
from chalicelib.api.routes import Services, blueprints
from chalicelib.aws.eventbridge import EventBridgeGateway, SchedulerNames
from chalicelib.core.dynamodb import items
from chalicelib.core.dynamodb.repository import DynamoRepository
from chalicelib.core.model.schedule import Action
from chalicelib.scheduling.service import SchedulerService
from chalicelib.testing import FakeGateway, FakeStarter, InMemoryRepository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
ISSUER, AUDIENCE = "https://issuer.example.com", "tasks"
ACTION = {"type": "email", "to": ["alice@example.com"], "subject": "Hello", "text": "It is time."}
CREATE = {"timing": {"after": "P3D"}, "action": ACTION}
REQUESTS: Mapping[str, tuple[float, str, str, Any]] = {
    "create": (1.4, "POST", "/v1/schedules", CREATE),
    "get": (1.2, "GET", "/v1/schedules/9b2f4c1d", None),
    "list of 100": (1.25, "GET", "/v1/schedules?limit=100", None),
}
"""By name: the goal, and the request."""

WHY = {
    "create": "boto3's four calls, which the peer makes too, take 83% of the time; the rest checks token and body, "
    "makes the record and converts it for the table, EventBridge and the answer",
    "get": "boto3's two calls, which the peer makes too, take 83% of the time; the rest checks the token and the "
    "arguments, and converts the record for the answer",
    "list of 100": "boto3's call, which the peer makes too, takes 64% of the time; reading the types of 100 items "
    "takes 6%, making schedules of them 10% and making the answer of those 13%",
}
"""By name: where the time goes, by the profile."""


Call = tuple[Any, str, dict[str, Any]]


def _answers() -> dict[str, dict[str, Any]]:
    service = SchedulerService(InMemoryRepository(), FakeGateway(), FakeStarter(), clock=lambda: NOW)
    made = [
        service.create_recurring(
            user_id="alice", cron=f"{minute} 9 ? * MON-FRI *", timezone="Europe/Berlin", action=ACTION
        )
        for minute in range(50)
    ]
    schedules = [_typed(items.schedule_item(each)) for each in made] * 2
    work = _typed(items.action_item(made[0], Action("email", ACTION)))
    return {
        "GetItem": {"Item": schedules[0]},
        "Query": {"Items": schedules},
        "action": {"Item": work},
        OTHER: {"ScheduleArn": "arn"},
    }


def _typed(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


@dataclass
class Recording:
    """A client that also notes its calls."""

    client: Any
    calls: list[Call]

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(**arguments: Any) -> Any:
            self.calls.append((self.client, name, arguments))
            return method(**arguments)

        return call if name in self.client.meta.method_to_api_mapping else method


def rows(rounds: int, requests: int = 20) -> list[Row]:
    """Each round has so many `requests` of ours and of the peer, in turn."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "key", "use": "sig"}
    claims = {"sub": "alice", "iss": ISSUER, "aud": AUDIENCE, "scope": f"{Scope.READ} {Scope.WRITE}", "exp": 2**32}
    token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "key"})
    with endpoint(_answers()) as url:
        session = boto3.Session("key", "secret", region_name="eu-central-1")
        create: Any = session.client
        clients = tuple(create(name, endpoint_url=url) for name in ("dynamodb", "scheduler"))
        ours = _ours(clients, public)
        found = []
        for kind, (bound, method, path, body) in REQUESTS.items():
            calls: list[Call] = []
            _answer(_ours(tuple(Recording(client, calls) for client in clients), public), method, path, body, token)()
            peer = _answer(_peer(calls, key.public_key()), method, "/peer", body, token)
            mine = _answer(ours, method, path, body, token)
            of_ours, of_peer = zip(*(_in_turn(mine, peer, requests) for _ in range(rounds)), strict=True)
            measured = Measured(f"`{method} {path}`", of_ours, {"bare Chalice route": of_peer})
            found.append(Row(f"API, {kind}", "µs of CPU", Goal("dearer", bound), (measured,), WHY.get(kind, "")))
    return found


def _ours(clients: tuple[Any, ...], public: Mapping[str, Any]) -> Chalice:
    gateway = EventBridgeGateway(clients[1], SchedulerNames("group", "arn:role", "arn:lambda", "arn:queue"))
    repository = DynamoRepository(clients[0], "schedules")
    service = SchedulerService(repository, gateway, FakeStarter(), clock=lambda: NOW)
    caller = Authenticator(SigningKeys(lambda: [public]), issuer=ISSUER, audience=AUDIENCE)
    app = Chalice(app_name="ours")
    for blueprint in blueprints(Services(scheduler=lambda: service, caller=caller)):
        app.register_blueprint(blueprint)
    return app


def _peer(calls: list[Call], public: Any) -> Chalice:
    app = Chalice(app_name="peer")

    @app.route("/peer", methods=["GET", "POST"])
    def answer() -> Any:
        request: Any = app.current_request
        token = request.headers["authorization"].removeprefix("Bearer ")
        jwt.decode(token, public, algorithms=["RS256"], issuer=ISSUER, audience=AUDIENCE)
        json.loads(request.raw_body or b"{}")
        answers = [getattr(client, name)(**arguments) for client, name, arguments in calls]
        found = [item for each in answers for item in (each.get("Items") or [each.get("Item") or {}])]
        plain = TypeDeserializer().deserialize
        return json.dumps([{name: plain(value) for name, value in item.items()} for item in found], default=str)

    return app


def _answer(app: Chalice, method: str, path: str, body: Any, token: str) -> Callable[[], None]:
    """Returns a function that handles the request as it comes from API Gateway."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    converter = LambdaEventConverter(RouteMatcher(list(app.routes)))
    text = json.dumps(body).encode() if body else None
    event = converter.create_lambda_event(method=method, path=path, headers=headers, body=text)

    def answer() -> None:
        got = app(event, None)
        status = got["statusCode"]
        if status >= 300:  # noqa: PLR2004
            raise RuntimeError(f"{method} {path} was answered with {status}: {got['body']}")

    return answer


def _in_turn(ours: Callable[[], object], peer: Callable[[], object], times: int) -> tuple[float, float]:
    """Returns the CPU time of one call of each. Both have the slower moments of the machine."""
    timed = [(_microseconds(ours), _microseconds(peer)) for _ in range(times)]
    return sum(mine for mine, _ in timed) / times, sum(theirs for _, theirs in timed) / times


def _microseconds(work: Callable[[], object]) -> float:
    begin = thread_time()
    work()
    return (thread_time() - begin) * 1e6
