"""Each field and each limit, through HTTP and through SchedulerService: both refuse the same, in the same words."""

from __future__ import annotations

import contextlib
import inspect
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from chalicelib.actions.email import Email
from chalicelib.actions.sms import Sms
from chalicelib.actions.webhook import Webhook
from chalicelib.api.auth import Scope
from chalicelib.core.errors import InvalidInput, ScheduledTasksError, ScheduleNotFound
from chalicelib.core.model.fields import LIMITS, OPTIONS, Limits
from chalicelib.core.model.schedule import Action, DeliveryPolicy, OnMissed, OnUnknown, Overlap, RetryPolicy
from chalicelib.scheduling.arguments.checks import Arguments, ListArguments, PutArguments, RunsArguments
from chalicelib.scheduling.service import SchedulerService
from chalicelib.scheduling.timing_spec import TimingSpec
from tests.api.world import MAIL, RULES, World
from tests.builders import HOUR, NOW, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chalice.test import HTTPResponse

    from chalicelib.core.model.fields import Field

Refusals = list[tuple[str, str]]


def name_of(value: object) -> str:
    """The same in each process: without addresses in memory."""
    return re.sub(r" at 0x\w+", "", ascii(value))


RATE = {"rate": "1 hour"}
BREAKS = ("two\nlines", "a\x00b", "a\x7fb", "a\u2028b", "a\u202eb")
ONE_LINE = ("name", "resource_id", "reason")
POLICIES: dict[str, Any] = {"delivery": DeliveryPolicy(), "retry": RetryPolicy()}
CHOICES = {"on_missed": OnMissed, "on_unknown": OnUnknown, "overlap": Overlap}


@pytest.fixture
def service(world: World) -> SchedulerService:
    """Knows the application's own types, as the one that `composition.py` makes."""
    return SchedulerService(
        world.repository,
        world.gateway,
        world.starter,
        clock=world.clock,
        sleep=world.clock.sleep,
        action_rules=RULES,
    )


# Of the field table


def wrong(field: Field) -> Iterator[Any]:
    """What no client may give for it, by its limits and by its default's type."""
    limits = field.limits
    if field.name in CHOICES:
        yield from ("perhaps", "", 5)
    elif field.name == "metadata":
        assert isinstance(limits, Limits)
        yield from (object_of_bytes(limits.most + 1), [1], "{}", 5)
    elif field.name == "exclusions":
        assert isinstance(limits, Limits)
        yield from (["2027-12-24"] * (limits.most + 1), "2027-12-24", {}, ["24.12.2027"], [20271224], [None], 5)
    elif isinstance(limits, Limits):
        yield from wrong_texts(field.name, limits) if field.name in ONE_LINE else wrong_numbers(limits)
    else:
        assert limits is not None, f"nothing here says what is wrong for {field.name}"
        for part, limits_of_part in limits.items():
            yield from ({part: value} for value in (*wrong_numbers(limits_of_part), None))
        yield from ({"colour": 1}, [], "3", 5)


def wrong_numbers(limits: Limits) -> Iterator[Any]:
    yield from (limits.least - 1, limits.most + 1, -(10**9), 10**9, str(limits.least), 1.5, True, [limits.least], {})


def wrong_texts(name: str, limits: Limits) -> Iterator[Any]:
    yield from ("", "x" * (limits.most + 1), "x" * 5000, 5, True, ["x"], {"x": "y"})
    yield from BREAKS if name in ONE_LINE else ()


def object_of_bytes(size: int) -> dict[str, str]:
    return {"k": "v" * (size - len('{"k":""}'))}


def right(field: Field) -> Iterator[Any]:
    """The least and the most that there may be of it."""
    match field.limits:
        case _ if field.name in CHOICES:
            yield from CHOICES[field.name]
        case Limits(least, most) if field.name in ONE_LINE:
            yield from ("x" * least, "ü" * most)
        case Limits(_, most) if field.name == "metadata":
            yield from ({}, object_of_bytes(most))
        case Limits(_, most) if field.name == "exclusions":
            yield from ([], ["2027-12-24"] * most)
        case Limits(least, most):
            yield from (least, most)
        case parts:
            assert parts is not None
            yield from ({part: limits.least} for part, limits in parts.items())
            yield from ({part: limits.most} for part, limits in parts.items())


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_each_wrong_option_is_refused_alike_in_a_create_a_put_and_a_change(
    world: World, service: SchedulerService, name: str
) -> None:
    path = world.created(timing=RATE)["schedule_id"]
    for value in wrong(OPTIONS[name]):
        body = {"timing": RATE, "action": MAIL, name: value}
        expected = refused(world.create(**body))

        assert expected, value
        assert expected == refused_by(service.create, user_id="alice", **body) == refused(put(world, "s1", **body))
        assert expected == refused_by(service.put, "alice", "s1", **body)
        assert expected == refused(world.patch(f"/v1/schedules/{path}", {name: value}))
        assert expected == refused_by(service.change, "alice", path, **{name: value})


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_the_least_and_the_most_of_each_option_are_taken_alike(
    world: World, service: SchedulerService, name: str
) -> None:
    for value in right(OPTIONS[name]):
        body = {"timing": RATE, "action": MAIL, name: value}
        by_http = world.created(**body)
        by_python = service.create(user_id="alice", **body)

        stored = service.get("alice", by_http["schedule_id"])
        assert getattr(by_python, name) == getattr(stored, name)


@pytest.mark.parametrize("name", ["delivery", "retry"])
def test_a_policy_of_python_has_the_limits_of_an_object(world: World, service: SchedulerService, name: str) -> None:
    limits = LIMITS[name]
    assert not isinstance(limits, Limits)
    for part, of_part in limits.items():
        for value in wrong_numbers(of_part):
            policy = replace(POLICIES[name], **{part: value})
            wrong_body: dict[str, Any] = {name: {part: value}}
            expected = refused(world.create(**wrong_body))

            assert expected == refused_by(service.create, user_id="alice", timing=RATE, action=MAIL, **{name: policy})


def test_python_gives_its_own_types_as_well(service: SchedulerService) -> None:
    schedule = service.create(
        user_id="alice",
        timing=TimingSpec(rate="1 hour", start_at=NOW + HOUR),
        action=Email(to=["a@example.com"], subject="hello", text="It is time."),
        delivery=DeliveryPolicy(1, 60),
        retry=RetryPolicy(1, 60),
        exclusions=(date(2027, 12, 24),),
        on_missed=OnMissed.RUN_NOW,
    )

    assert (schedule.delivery, schedule.retry) == (DeliveryPolicy(1, 60), RetryPolicy(1, 60))
    assert (schedule.exclusions, schedule.on_missed) == ((date(2027, 12, 24),), OnMissed.RUN_NOW)


def test_an_option_that_there_is_not_is_refused_alike(world: World, service: SchedulerService) -> None:
    for name in ("colour", "timezone", "at"):
        body: dict[str, Any] = {"timing": RATE, "action": MAIL, name: "red"}

        over_http, in_python = refused(world.create(**body)), refused_by(service.create, user_id="alice", **body)

        assert without_allowed_fields(over_http) == without_allowed_fields(in_python) != []


# Timing and action

NO_TEXTS: tuple[Any, ...] = (5, True, [], {})
TIMINGS: list[Any] = [
    *({name: value} for name in ("at", "after", "rate", "cron") for value in (*NO_TEXTS, "", "x" * 300)),
    *({**RATE, name: value} for name in ("start_at", "end_at") for value in (*NO_TEXTS, "", "x" * 65)),
    *({"cron": "0 9 * * ? *", "timezone": value} for value in (*NO_TEXTS, "", "x" * 51, "Europe/Atlantis", "../etc")),
    *({**RATE, "timezone": value} for value in (*NO_TEXTS, "x" * 51)),
    {},
    {"zone": "UTC"},
    {**RATE, "after": "PT1H"},
    None,
    "1 hour",
    5,
    [],
]
ACTIONS: list[Any] = [
    None,
    5,
    "email",
    [],
    {},
    {"type": "pigeon"},
    {"type": 5},
    {"type": "email"},
    {**MAIL, "to": []},
    {**MAIL, "to": "a@example.com"},
    {**MAIL, "subject": "two\nlines"},
    {**MAIL, "colour": "red"},
    {"type": "webhook", "url": "http://example.com/"},
    {"type": "webhook", "url": "https://127.0.0.1/"},
    {"type": "sms", "to": "0151", "text": "x" * 1601},
    {"type": "event", "detail_type": "", "detail": []},
    {"type": "invoice.remind", "data": 5},
]


@pytest.mark.parametrize("timing", TIMINGS, ids=repr)
def test_a_wrong_timing_is_refused_alike(world: World, service: SchedulerService, timing: Any) -> None:
    expected = refused(world.create(timing=timing))

    assert expected
    assert expected == refused_by(service.create, user_id="alice", timing=timing, action=MAIL)
    assert expected == refused_by(service.create_many, "alice", [{"timing": timing, "action": MAIL}])
    assert expected == refused_by(service.preview, timing)
    if isinstance(timing, dict) and "zone" not in timing:
        spec = TimingSpec(**timing)
        assert expected == refused_by(service.create, user_id="alice", timing=spec, action=MAIL)
        assert expected == refused_by(service.preview, spec)


@pytest.mark.parametrize("action", ACTIONS, ids=repr)
def test_a_wrong_action_is_refused_alike(world: World, service: SchedulerService, action: Any) -> None:
    expected = refused(world.create(action=action))

    assert expected
    assert expected == refused_by(service.create, user_id="alice", timing={"after": "PT1H"}, action=action)
    assert expected == refused_by(service.put, "alice", "s1", timing={"after": "PT1H"}, action=action)
    if isinstance(action, dict) and isinstance(action.get("type"), str) and action["type"] != "invoice.remind":
        data = {name: value for name, value in action.items() if name != "type"}
        made = Action(action["type"], data)
        assert expected == refused_by(service.create, user_id="alice", timing={"after": "PT1H"}, action=made)


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        (Email, {"to": ["x", 5], "subject": "two\nlines", "text": "x"}),
        (Email, {"to": [], "subject": "", "text": "{{colour}}", "placeholders": "yes"}),
        (Sms, {"to": "0151", "text": 5}),
        (Webhook, {"url": "https://127.0.0.1/"}),
        (Webhook, {"url": "https://example.com/", "headers": {"Host": "x"}}),
    ],
)
def test_the_fields_of_a_built_in_action_are_refused_alike(
    world: World, service: SchedulerService, fields: Any, given: dict[str, Any]
) -> None:
    expected = refused(world.create(action={"type": fields.__name__.lower(), **given}))

    assert expected == refused_by(service.create, user_id="alice", timing={"after": "PT1H"}, action=fields(**given))


def test_what_is_missing_is_refused_alike(world: World, service: SchedulerService) -> None:
    for item in ({}, {"timing": RATE}, {"action": MAIL}):
        expected = refused(world.post("/v1/schedules", item))

        assert expected == refused_by(service.create_many, "alice", [item]) != []


def test_an_action_s_class_is_no_action(service: SchedulerService) -> None:
    assert refused_by(service.create, user_id="alice", timing=RATE, action=Email) == [
        ("action", "must be a JSON object")
    ]


def test_all_that_is_wrong_is_said_at_once_to_both(world: World, service: SchedulerService) -> None:
    body: dict[str, Any] = {"timing": {"at": 5}, "action": {**MAIL, "to": ["x"]}, "name": "", "colour": "red"}

    over_http, in_python = refused(world.create(**body)), refused_by(service.create, user_id="alice", **body)

    assert len(over_http) == 4
    assert without_allowed_fields(over_http) == without_allowed_fields(in_python)


@pytest.mark.parametrize("value", ["", "x" * 256, "ü", "a\nb", 5])
def test_a_wrong_idempotency_key_is_refused_alike(world: World, service: SchedulerService, value: Any) -> None:
    item = {"timing": RATE, "action": MAIL, "idempotency_key": value}
    (result,) = world.post("/v1/schedules/batch", {"schedules": [item]}).json_body["results"]
    expected = [(error["field"], error["message"]) for error in result["problem"]["errors"]]

    assert expected == refused_by(service.create, user_id="alice", **item) != []
    assert expected == refused_by(service.create_many, "alice", [item])


# What methods take beside it


@pytest.mark.parametrize("user_id", ["", "x" * 769, "two\nlines", "a\x00b", 5, [], True])
def test_a_wrong_user_is_refused_alike_by_each_method(world: World, service: SchedulerService, user_id: Any) -> None:
    expected = refused(world.create(admin(world), user_id=user_id))
    assert expected

    for name, method in public_methods():
        others = {parameter: EXAMPLES[parameter] for parameter in required(method) - {"user_id"}}
        if "user_id" in inspect.signature(method).parameters:
            assert expected == refused_by(getattr(service, name), user_id=user_id, **others), name


@pytest.mark.parametrize("schedule_id", ["", "batch", "a b", "x" * 65, "ä", "a\nb"])
def test_what_is_no_id_is_refused_or_not_found_alike(world: World, service: SchedulerService, schedule_id: str) -> None:
    body = {"timing": RATE, "action": MAIL}
    if schedule_id not in ("", "batch"):  # these are addresses of their own
        assert refused(put(world, quote(schedule_id), **body)) == refused_by(service.put, "alice", schedule_id, **body)
        assert world.get(f"/v1/schedules/{quote(schedule_id)}").status_code == 404
    for method in (service.get, service.run_now, service.cancel, service.occurrences, service.list_runs):
        with pytest.raises(ScheduleNotFound):
            method("alice", schedule_id)
    expected = refused(world.post("/v1/runs/redrive", {"schedule_id": schedule_id}))
    assert expected == refused_by(service.redrive_all, "alice", schedule_id=schedule_id) != []


@pytest.mark.parametrize("reason", ["", "x" * 201, 5, *BREAKS])
def test_a_wrong_reason_is_refused_alike(world: World, service: SchedulerService, reason: Any) -> None:
    path = world.created(timing=RATE)["schedule_id"]
    expected = refused(world.post(f"/v1/schedules/{path}/pause", {"reason": reason}))

    assert expected == refused_by(service.pause, "alice", path, reason=reason) != []


@pytest.mark.parametrize("until", ["", "tomorrow", "2027-03-02T00:00:00", "2027-02-01T00:00:00Z", 5, [], "x" * 65])
def test_a_wrong_end_of_a_pause_is_refused_alike(world: World, service: SchedulerService, until: Any) -> None:
    path = world.created(timing=RATE)["schedule_id"]
    expected = refused(world.post(f"/v1/schedules/{path}/pause", {"until": until}))

    assert expected == refused_by(service.pause, "alice", path, until=until) != []


REDRIVES: list[dict[str, Any]] = [
    *({"status": value} for value in ("succeeded", "", 5)),
    *({"resource_id": value} for value in ("", "x" * 257, "two\nlines", 5)),
    *({name: value} for name in ("since", "until") for value in (*NO_TEXTS, "", "yesterday", "2027-03-01T00:00:00")),
    *({"per_minute": value} for value in (0, -1, 6001, 10**6, "60", True, 1.5)),
    {"since": "2027-03-02T00:00:00Z", "until": "2027-03-01T00:00:00Z"},
]


@pytest.mark.parametrize("asked", REDRIVES, ids=repr)
def test_a_wrong_redrive_of_all_is_refused_alike(
    world: World, service: SchedulerService, asked: dict[str, Any]
) -> None:
    expected = refused(world.post("/v1/runs/redrive", asked))

    assert expected == refused_by(service.redrive_all, "alice", **asked) != []


LISTS: list[tuple[str, Callable[..., Any], dict[str, Any]]] = [
    ("/v1/schedules?limit=0", SchedulerService.list_for_user, {"limit": 0}),
    ("/v1/schedules?limit=101", SchedulerService.list_for_user, {"limit": 101}),
    ("/v1/schedules?status=asleep", SchedulerService.list_for_user, {"status": "asleep"}),
    *(
        (f"/v1/schedules?{name}={value}", SchedulerService.list_for_user, {name: value})
        for name, value in (
            ("search", ""),
            ("search", "x" * 101),
            ("kind", "sometimes"),
            ("action_type", ""),
            ("action_type", "x" * 65),
        )
    ),
    (f"/v1/schedules?cursor={'x' * 8193}", SchedulerService.list_for_user, {"cursor": "x" * 8193}),
    *(
        (f"/v1/timeline?{name}={value}", SchedulerService.timeline, {name: int(value) if name == "limit" else value})
        for name, value in (
            ("limit", "0"),
            ("limit", "21"),
            ("search", ""),
            ("since", "yesterday"),
            ("since", "2027-03-01T00:00:00"),
            ("since", "2199-01-01T00:00:00Z"),
            ("until", "2027-02-01T00:00:00Z"),
            ("until", "2027-12-01T00:00:00Z"),
            ("resource_id", "x" * 257),
        )
    ),
    ("/v1/runs?limit=0", SchedulerService.list_runs_of_user, {"limit": 0}),
    ("/v1/runs?status=held", SchedulerService.list_runs_of_user, {"status": "held"}),
    ("/v1/runs?since=yesterday", SchedulerService.list_runs_of_user, {"since": "yesterday"}),
]


@pytest.mark.parametrize(("path", "method", "asked"), LISTS, ids=[path[:40] for path, _, _ in LISTS])
def test_a_wrong_question_to_a_list_is_refused_alike(
    world: World, service: SchedulerService, path: str, method: Callable[..., Any], asked: dict[str, Any]
) -> None:
    assert refused(world.get(path)) == refused_by(method, service, "alice", **asked) != []


@pytest.mark.parametrize("resource_id", ["x" * 257, "x" * 5000, "two\nlines", "a\u202eb"])
def test_a_wrong_resource_is_refused_alike(world: World, service: SchedulerService, resource_id: str) -> None:
    path = f"/v1/resources/{quote(resource_id, safe='')}/schedules"

    assert refused(world.get(path)) == refused_by(service.list_for_resource, resource_id) != []
    assert refused(world.delete(path)) == refused_by(service.cancel_for_resource, resource_id)


def test_a_text_stands_for_its_enum_and_a_datetime_for_its_text(world: World, service: SchedulerService) -> None:
    path = world.created(timing=RATE)["schedule_id"]
    job = service.redrive_all("alice", status="missed", since=datetime(2027, 2, 1, tzinfo=UTC))  # type: ignore[arg-type]
    paused = service.pause("alice", path, until=NOW + HOUR + SECOND / 2)

    assert job == service.get_job(job.job_id)
    assert paused.paused_until == NOW + HOUR
    assert [schedule.schedule_id for schedule in service.list_for_user("alice", status="paused").items] == [path]  # type: ignore[arg-type]


# Nothing is left out

SEEN_TO = {
    "self": "",
    "timing": "tested above",
    "action": "tested above",
    "details": "tested above",
    "idempotency_key": "read with the options",
    "begin_within": "of the caller's own code",
    **dict.fromkeys(("at", "after", "rate", "cron", "timezone", "start_at", "end_at"), "parts of the timing"),
}
EXAMPLES: dict[str, Any] = {
    "user_id": "alice",
    "schedule_id": "s1",
    "run_id": "r1",
    "job_id": "j1",
    "resource_id": "contract-42",
    "timing": RATE,
    "action": MAIL,
    "requests": [],
}


def public_methods() -> list[tuple[str, Callable[..., Any]]]:
    return [
        (name, method)
        for name, method in inspect.getmembers(SchedulerService, inspect.isfunction)
        if not name.startswith("_")
    ]


def required(method: Callable[..., Any]) -> set[str]:
    return {
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD and name != "self"
    }


def test_each_argument_of_each_method_has_its_limits() -> None:
    models = (Arguments, ListArguments, PutArguments, RunsArguments)
    known = {name for model in models for name in model.model_fields}
    named = {name for _, method in public_methods() for name in inspect.signature(method).parameters}

    assert named == known | SEEN_TO.keys()


@pytest.mark.parametrize("value", [5, [], {}, object(), b"x", "half of a pair: \ud800"], ids=name_of)
def test_whatever_is_given_for_an_argument_ends_in_no_error_but_ours(service: SchedulerService, value: Any) -> None:
    for name, method in public_methods():
        for parameter in inspect.signature(method).parameters.keys() - {"self", "details", "begin_within"}:
            given = {other: EXAMPLES[other] for other in required(method)} | {parameter: value}
            if name in ("create_one_time", "create_recurring"):
                given = {**({"after": "PT1H"} if name == "create_one_time" else RATE), **given}

            with contextlib.suppress(ScheduledTasksError):
                getattr(service, name)(**given)


@pytest.mark.parametrize(
    "metadata",
    [{5: 1}, {"k": object()}, {"k": float("nan")}, {"k": timedelta(1)}, {"k": {1, 2}}, {"k": "\ud800"}, {"\ud800": 1}],
    ids=name_of,
)
def test_metadata_of_python_that_is_no_json_is_refused(service: SchedulerService, metadata: Any) -> None:
    assert refused_by(service.create, user_id="alice", timing=RATE, action=MAIL, metadata=metadata)


def test_metadata_that_nests_without_end_is_refused(service: SchedulerService) -> None:
    itself: dict[str, Any] = {}
    itself["itself"] = itself
    deep: Any = 1
    for _ in range(900):
        deep = [deep]

    for metadata in (itself, {"k": deep}):
        assert refused_by(service.create, user_id="alice", timing=RATE, action=MAIL, metadata=metadata)


NO_JSON: dict[str, Any] = {
    "not a number": {"k": float("nan")},
    "infinity": {"k": float("inf")},
    "a long number": {"k": 10**5000},
    "half of a pair": {"k": "\ud800"},
    "a tuple": {"k": (1,)},
    "a number as a name": {5: 1},
    "nothing": None,
    "a number": 5,
}


@pytest.mark.parametrize("data", NO_JSON.values(), ids=NO_JSON.keys())
@pytest.mark.parametrize("make", [lambda data: {"data": data}, lambda data: Action("invoice.remind", data)])
def test_an_action_s_data_that_is_no_json_is_refused(
    service: SchedulerService, make: Callable[[Any], Any], data: Any
) -> None:
    action = make(data)
    action = {"type": "invoice.remind", **action} if isinstance(action, dict) else action

    (refusal, *_) = refused_by(service.create, user_id="alice", timing=RATE, action=action)

    assert refusal[0].startswith("action")
    assert "sys." not in refusal[1]


def test_an_action_is_read_as_the_type_that_it_has(service: SchedulerService) -> None:
    action = Action("sms", {**MAIL})

    assert refused_by(service.create, user_id="alice", timing=RATE, action=action)


@pytest.mark.parametrize("requests", [None, 5, "ab", {}, iter(())], ids=name_of)
def test_what_is_no_list_of_requests_is_refused(service: SchedulerService, requests: Any) -> None:
    with pytest.raises(InvalidInput, match="requests: must be a JSON array"):
        service.create_many("alice", requests)


# Helpers


def admin(world: World) -> str:
    return world.issuer.token("admin", *Scope)


def put(world: World, schedule_id: str, **body: Any) -> HTTPResponse:
    return world.put(f"/v1/schedules/{schedule_id}", body)


def without_allowed_fields(refusals: Refusals) -> Refusals:
    """The refusals without the list of fields: the user is a field of HTTP and an argument in Python."""
    return [(field, message.partition("; allowed: name,")[0]) for field, message in refusals]


def refused(response: HTTPResponse) -> Refusals:
    assert response.status_code == 422, response.body
    return [(error["field"], error["message"]) for error in response.json_body["errors"]]


def refused_by(method: Callable[..., Any], *args: Any, **arguments: Any) -> Refusals:
    try:
        outcome = method(*args, **arguments)
    except InvalidInput as exc:
        return [(error.field, error.message) for error in exc.errors]
    if isinstance(outcome, list):
        (only,) = outcome
        assert isinstance(only, InvalidInput), only
        return [(error.field, error.message) for error in only.errors]
    return []
