"""The HTTP API on the fakes of all ports: a clock that stands, and an issuer whose keys are made here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jwt
from chalice.app import Chalice
from chalice.test import Client
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from chalicelib.api.auth import Authenticator, IssuerUnavailable, Scope, SigningKeys
from chalicelib.api.console.sign_in import ClientSettings, SignIn, default_scope
from chalicelib.api.edge.preflight import allow_origins
from chalicelib.api.models.requests import RequestLimits
from chalicelib.api.routes import Services, blueprints
from chalicelib.core.actions.fields import ActionRules
from chalicelib.core.model.run import RunStatus
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.sweeper import Sweeper
from chalicelib.scheduling.webhook_keys import WebhookKeys
from chalicelib.testing import FakeGateway, FakeMaster, FakeStarter, Faults, InMemoryRepository, StoppedClock
from tests.api import described
from tests.builders import NOW, a_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalice.app import Request
    from chalice.test import HTTPResponse

    from chalicelib.api.auth import Caller
    from chalicelib.core.model.run import Run

ISSUER = "https://issuer.example.com"
AUDIENCE = "scheduled-tasks"
READ_AND_WRITE = (Scope.READ, Scope.WRITE)
RULES = ActionRules(own_types=frozenset({"invoice.remind"}))
CLIENT = ClientSettings(ISSUER, "console-7m4pq2", default_scope(""), AUDIENCE)
CONFIGURATION = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example.com/authorize",
    "token_endpoint": "https://tokens.example.com/token",
}
MAIL = {"type": "email", "to": ["a@example.com"], "subject": "hello", "text": "It is time."}


@dataclass
class Stopwatch:
    """Monotonic seconds that pass when told to."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Key:
    """A key pair and its id."""

    id: str
    algorithm: str = "RS256"

    @cached_property
    def private(self) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
        if self.algorithm == "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public(self) -> dict[str, Any]:
        """As the issuer shows it: a JSON Web Key."""
        public = self.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            shown = ECAlgorithm.to_jwk(public, as_dict=True)
        else:
            shown = RSAAlgorithm.to_jwk(public, as_dict=True)
        return {**shown, "kid": self.id, "use": "sig"}


@dataclass
class FakeIssuer:
    """Signs tokens, and shows its documents unless it is down. `asked` counts how often it was asked for one."""

    keys: list[Key]
    configuration: dict[str, Any] = field(default_factory=CONFIGURATION.copy)
    is_down: bool = False
    asked: int = 0

    def fetch(self) -> list[dict[str, Any]]:
        self._answer()
        return [key.public() for key in self.keys]

    def fetch_configuration(self) -> dict[str, Any]:
        self._answer()
        return self.configuration

    def _answer(self) -> None:
        self.asked += 1
        if self.is_down:
            raise IssuerUnavailable

    def token(self, user: str = "alice", *scopes: str, key: Key | None = None, **claims: Any) -> str:
        """A token that is good for a minute, but for the claims given. A claim that is None is left out."""
        key = key or self.keys[0]
        usual = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "scope": " ".join(scopes),
            "exp": datetime.now(UTC) + timedelta(minutes=1),
        }
        present = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(present, key.private, algorithm=key.algorithm, headers={"kid": key.id})


@dataclass
class World:
    """The API and all that stands behind it. A request is alice's, who may read and write, unless it says otherwise.

    Every answer is checked against the description of the API.
    """

    issuer: FakeIssuer
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(NOW))
    faults: Faults = field(default_factory=Faults)
    rules: ActionRules = RULES
    limits: RequestLimits = field(default_factory=RequestLimits)
    user_claim: str = "sub"
    url_prefix: str | None = None
    caller: Callable[[Request], Caller] | None = None
    cors_origins: tuple[str, ...] = ()
    console: Callable[[], SignIn] | None = None

    def __post_init__(self) -> None:
        self.repository = InMemoryRepository(self.faults)
        self.gateway = FakeGateway(self.faults)
        self.starter = FakeStarter(self.faults)
        self.master = FakeMaster(self.faults)
        self.webhook_keys = WebhookKeys(self.repository, self.master, clock=self.clock)
        self.service = SchedulerService(
            self.repository, self.gateway, self.starter, clock=self.clock, sleep=self.clock.sleep
        )
        self.sweeper = Sweeper(self.repository, self.gateway, self.starter, clock=self.clock, sleep=self.clock.sleep)
        self.sign_in = SignIn(CLIENT, self.issuer.fetch_configuration)
        self.app = self._make_app()
        self._http = Client(self.app).http

    def _make_app(self) -> Chalice:
        app = Chalice(app_name="test", configure_logs=False)
        by_token = Authenticator(
            SigningKeys(self.issuer.fetch), issuer=ISSUER, audience=AUDIENCE, user_claim=self.user_claim
        )
        services = Services(
            scheduler=lambda: self.service,
            caller=self.caller or by_token,
            action_rules=lambda: self.rules,
            limits=lambda: self.limits,
            webhook_keys=lambda: self.webhook_keys,
            console=self.console or (lambda: self.sign_in),
        )
        for blueprint in blueprints(services):
            app.register_blueprint(blueprint, url_prefix=self.url_prefix)
        allow_origins(app, lambda: self.cors_origins)
        return app

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HTTPResponse:
        """`body` is bytes as they are, or anything that becomes JSON. `token` "" sends none."""
        token = self.issuer.token("alice", *READ_AND_WRITE) if token is None else token
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self._http.request(method, path, headers={**authorization, **(headers or {})}, body=content)
        described.check(method, path.removeprefix(self.url_prefix or ""), response)
        return response

    def get(self, path: str, **options: Any) -> HTTPResponse:
        return self.send("GET", path, **options)

    def delete(self, path: str, **options: Any) -> HTTPResponse:
        return self.send("DELETE", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> HTTPResponse:
        return self.send("POST", path, body, **options)

    def put(self, path: str, body: Any, **options: Any) -> HTTPResponse:
        return self.send("PUT", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> HTTPResponse:
        return self.send("PATCH", path, body, **options)

    def create(self, token: str | None = None, **only_what_matters: Any) -> HTTPResponse:
        """A mail in an hour."""
        body = {"timing": {"after": "PT1H"}, "action": MAIL, **only_what_matters}
        return self.post("/v1/schedules", body, token=token)

    def created(self, token: str | None = None, **only_what_matters: Any) -> dict[str, Any]:
        """The schedule that this creates."""
        response = self.create(token, **only_what_matters)
        assert response.status_code == 201, response.body
        schedule: dict[str, Any] = response.json_body
        return schedule

    def ended_run(
        self, schedule_id: str, status: RunStatus = RunStatus.FAILED, *, user: str = "alice", at: datetime = NOW
    ) -> Run:
        """The run of this schedule that was to be done `at`, and has ended so."""
        schedule = self.repository.get(user, schedule_id)
        assert schedule is not None
        error = "the provider said no" if status is RunStatus.FAILED else None
        run = a_run(schedule, scheduled_time=at, resource_id=schedule.resource_id).ended(status, at, error=error)
        assert self.repository.claim(run, expecting=schedule, replacing=None) is None
        return run


def fields(response: HTTPResponse) -> list[str]:
    """The fields that a problem complains about."""
    return [error["field"] for error in response.json_body["errors"]]


def problem(response: HTTPResponse) -> tuple[int, str]:
    """Status, and the name at the end of the problem's type."""
    return response.status_code, response.json_body["type"].rpartition(":")[2]
