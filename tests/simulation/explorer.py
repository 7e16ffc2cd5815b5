"""Explores every order of the steps of a few actors. Each call to a port is one step.

An actor is ordinary code. The explorer runs it to its next call and repeats the answers of its earlier calls, so it can
resume an actor at any step without threads. Two orders that lead to the same state and the same answers are explored
once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.core.errors import ScheduledTasksError
from chalicelib.core.model.ports import Page, Watch
from chalicelib.core.timing.instants import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping
    from datetime import datetime, timedelta

    from tests.simulation.simulator import Life, Moment

FREE = frozenset({"due", "get_action", "send_email", "send_message"})
"""No steps of their own. What is due shows when it is taken, an action is never changed, and nobody reads mails."""

PORTS = ("repository", "gateway", "starter", "aws", "bridge")

SAYS_NOTHING = frozenset({"attempts", "lateness_ms", "updated_at"})
"""When something was done: stored for people, and read by nobody here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came back with, and when. `text` tells answers apart."""

    value: Any
    error: ScheduledTasksError | None
    at: datetime
    text: int


@dataclass(frozen=True, slots=True)
class Call:
    """What an actor asks for next; `waited` if it slept before."""

    port: str
    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    waited: bool

    def of(self, life: Life) -> Answer:
        if self.method == "due":
            return _all_due(life)
        value, error = None, None
        try:
            value = getattr(getattr(life, self.port), self.method)(*self.args, **self.kwargs)
        except ScheduledTasksError as exc:
            error = exc.with_traceback(None)
        return Answer(value, error, life.clock.now, hash((repr(value), repr(error))))


class _Asked(BaseException):
    def __init__(self, call: Call) -> None:
        self.call = call


class Script:
    """What one actor sees of the world: the answers it had so far, and then nothing but its question.

    `times` are those at which it looked at the clock.
    """

    repository: Any
    gateway: Any
    starter: Any
    aws: Any
    bridge: Any

    def __init__(self, answers: tuple[Answer, ...], started_at: datetime) -> None:
        self.times: list[datetime] = []
        self._answers = iter(answers)
        self._now = started_at
        self._waited = False
        for name in PORTS:
            setattr(self, name, _Port(partial(self._ask, name)))

    def clock(self) -> datetime:
        self.times.append(self._now)
        return self._now

    def sleep(self, _seconds: float) -> None:
        self._waited = True

    def _ask(self, port: str, method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "due" and args[0] > 0:
            # The first shard's answer had them all.
            return Page([])
        answer = next(self._answers, None)
        if answer is None:
            raise _Asked(Call(port, method, args, kwargs, self._waited))
        self._now, self._waited = answer.at, False
        if answer.error is not None:
            raise answer.error
        return answer.value


class _Port:
    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def __getattr__(self, method: str) -> Any:
        return partial(self._ask, method)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody at work. `bounded` ones are killed when time passes. `ended` says how, once it has.

    `answers` are what it knows, `held` is what it asks for next, and `key` tells apart what it may do from here on.
    `seen` is the table as it was when it began to wait: until that is another, asking again would tell it nothing.
    """

    name: str
    body: Callable[[Script], object]
    bounded: bool = False
    started_at: datetime | None = None
    answers: tuple[Answer, ...] = ()
    held: Call | None = None
    key: Hashable = None
    seen: int | None = None
    ended: str | None = None

    @property
    def is_under_way(self) -> bool:
        return self.started_at is not None and self.ended is None

    @property
    def trail(self) -> Hashable:
        """All that made it what it is."""
        return (self.name, self.started_at, *((answer.text, answer.at) for answer in self.answers))

    def taught(self, answer: Answer) -> Actor:
        return replace(self, answers=(*self.answers, answer), seen=None)

    def at_its_next_call(self) -> Actor:
        """Or at its end."""
        assert self.started_at is not None
        script = Script(self.answers, self.started_at)
        held, ended = _run(self.body, script)
        key = hash((*(answer.text for answer in self.answers), *script.times))
        return replace(self, held=held, ended=ended, key=key)


@dataclass(frozen=True, slots=True)
class State:
    """All there is at one moment, and how much may still go wrong."""

    moment: Moment
    actors: tuple[Actor, ...]
    crashes: int
    ticks: int


class Explorer:
    """Goes through all orders. `tick` is how much time passes when time passes; `rest` looks at each end, and `watch`
    at each state on the way.
    """

    def __init__(
        self,
        life: Life,
        *,
        tick: timedelta,
        rest: Callable[[State], None],
        watch: Callable[[State], None] = lambda _: None,
    ) -> None:
        self._life = life
        self._tick = tick
        self._rest = rest
        self._watch = watch
        self._orders: dict[Hashable, int] = {}
        self._held: dict[Hashable, Actor] = {}
        self._done: dict[Hashable, tuple[Answer, Moment]] = {}
        self._texts: dict[int, tuple[Any, int]] = {}
        self._tables: dict[int, tuple[Any, int]] = {}

    @property
    def states(self) -> int:
        return len(self._orders)

    def explore(self, actors: tuple[Actor, ...], *, crashes: int, ticks: int) -> int:
        """How many orders there are."""
        return self._orders_from(State(self._life.moment(), actors, crashes, ticks))

    def _orders_from(self, state: State) -> int:
        key = self._key(state)
        if key not in self._orders:
            self._watch(state)
            following = [self._orders_from(after) for after in self._following(state)]
            if not following:
                self._rest(state)
            self._orders[key] = sum(following) or 1
        return self._orders[key]

    def _following(self, state: State) -> Iterator[State]:
        at_work = [number for number, actor in enumerate(state.actors) if actor.ended is None]
        awake = [number for number in at_work if state.actors[number].seen != self._table(state.moment)]
        for number in awake or at_work:
            yield self._stepped(state, number)
        for number, actor in enumerate(state.actors):
            if actor.is_under_way and state.crashes:
                yield replace(_with(state, number, replace(actor, ended="died")), crashes=state.crashes - 1)
        if state.ticks and at_work and _is_leased(state.moment):
            yield self._ticked(state)

    def _ticked(self, state: State) -> State:
        moment = replace(state.moment, now=state.moment.now + self._tick)
        actors = tuple(replace(a, ended="died") if a.bounded and a.is_under_way else a for a in state.actors)
        return replace(state, moment=moment, actors=actors, ticks=state.ticks - 1)

    def _stepped(self, state: State, number: int) -> State:
        actor, moment = state.actors[number], state.moment
        if actor.started_at is None:
            actor = self._held_at(replace(actor, started_at=moment.now))
        actor, moment = self._answered(actor, moment)
        while actor.held is not None and actor.held.method in FREE:
            actor, moment = self._answered(actor, moment)
        if actor.held is not None and actor.held.waited:
            actor = replace(actor, seen=self._table(moment))
        return replace(_with(state, number, actor), moment=moment)

    def _answered(self, actor: Actor, moment: Moment) -> tuple[Actor, Moment]:
        assert actor.held is not None
        key = (self._stored(moment), id(actor.held))
        if key not in self._done:
            self._life.restore(moment)
            self._done[key] = actor.held.of(self._life), self._life.moment()
        answer, after = self._done[key]
        return self._held_at(actor.taught(answer)), after

    def _held_at(self, actor: Actor) -> Actor:
        trail = actor.trail
        if trail not in self._held:
            self._held[trail] = actor.at_its_next_call()
        return self._held[trail]

    def _key(self, state: State) -> Hashable:
        actors = tuple((a.ended or a.key, a.seen) for a in state.actors)
        return (self._stored(state.moment), actors, state.crashes, state.ticks)

    def _stored(self, moment: Moment) -> Hashable:
        schedules = frozenset((name, self._text(value)) for name, value in moment.schedules.items())
        rest = (tuple(moment.beats.values()), len(moment.started), len(moment.sent), moment.now)
        return (self._table(moment), schedules, rest)

    def _table(self, moment: Moment) -> int:
        known = self._tables.get(id(moment.items))
        if known is None:
            table = hash(frozenset((key, self._text(value)) for key, value in moment.items.items()))
            known = self._tables[id(moment.items)] = (moment.items, table)
        return known[1]

    def _text(self, value: Mapping[str, Any]) -> int:
        """Stored values are never changed in place, so each is read once; kept, so that no other gets its id."""
        known = self._texts.get(id(value))
        if known is None:
            text = repr([item for item in value.items() if item[0] not in SAYS_NOTHING])
            known = self._texts[id(value)] = (value, hash(text))
        return known[1]


def play(life: Life, actors: dict[str, Actor], order: str, *, tick: timedelta) -> None:
    """One order: each word is the name of who makes the next step, or `tick`, or `name!` for one that dies."""
    for word in order.split():
        if word == "tick":
            life.clock.now += tick
        elif word.endswith("!"):
            actors[word[:-1]] = replace(actors[word[:-1]], ended="died")
        else:
            actors[word] = _step(life, actors[word])


def _step(life: Life, actor: Actor) -> Actor:
    if actor.started_at is None:
        actor = replace(actor, started_at=life.clock.now).at_its_next_call()
    is_free = True
    while actor.held is not None and is_free:
        actor = actor.taught(actor.held.of(life)).at_its_next_call()
        is_free = actor.held is not None and actor.held.method in FREE
    return actor


def _run(body: Callable[[Script], object], script: Script) -> tuple[Call | None, str | None]:
    try:
        body(script)
    except _Asked as asked:
        return asked.call, None
    except ScheduledTasksError as exc:
        return None, type(exc).__name__
    return None, "done"


def _is_leased(moment: Moment) -> bool:
    """Does it matter how much time passes?"""
    return any(item.get("confirmed") is False for item in moment.items.values())


def _with(state: State, number: int, actor: Actor) -> State:
    return replace(state, actors=(*state.actors[:number], actor, *state.actors[number + 1 :]))


def _all_due(life: Life) -> Answer:
    """What is due in all shards at once."""
    until = iso(life.clock.now)
    watches = [
        Watch(*key, item["watch_at"])
        for key, item in life.repository.items.items()
        if item.get("watch_at", "~") <= until
    ]
    return Answer(Page(watches), None, life.clock.now, hash(repr(watches)))
