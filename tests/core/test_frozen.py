"""Frozen objects are dataclasses, as `dataclass(frozen=True)` makes them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from abc import ABC, abstractmethod
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

import pytest

from chalicelib.core.frozen import Frozen, replace


class Point(Frozen):
    """A point."""

    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list)

    @cached_property
    def total(self) -> int:
        return self.x + self.y


class Named(Point, kw_only=True):
    name: str


class Nothing(Frozen):
    pass


@dataclass(frozen=True)
class Usual:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list)


MADE: Any = Point
USUAL: Any = Usual


@pytest.mark.parametrize("of", [MADE, USUAL])
def test_arguments_are_positional_named_or_left_out(of: Any) -> None:
    assert asdict(of(1)) == {"x": 1, "y": 0, "tags": []}
    assert asdict(of(1, y=2)) == {"x": 1, "y": 2, "tags": []}
    assert asdict(of(1, 2, ["a"])) == {"x": 1, "y": 2, "tags": ["a"]}


@pytest.mark.parametrize("of", [MADE, USUAL])
@pytest.mark.parametrize(
    ("positional", "named"),
    [((), {}), ((), {"y": 1}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1, "z": 1}), ((1, 2, [], 4), {})],
)
def test_wrong_arguments_are_refused(of: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        of(*positional, **named)


def test_a_keyword_only_field_has_no_position() -> None:
    made: Any = Named

    assert made(1, name="a").name == "a"
    with pytest.raises(TypeError, match=r"Named does not accept 4 positional arguments .*its fields: name, tags, x, y"):
        made(1, 2, [], "a")


def test_each_object_has_its_own_default() -> None:
    assert Point(1).tags is not Point(1).tags


@pytest.mark.parametrize("change", [lambda it: setattr(it, "x", 2), lambda it: delattr(it, "x")])
def test_it_cannot_be_changed(change: Any) -> None:
    with pytest.raises(FrozenInstanceError, match="field 'x'"):
        change(Point(1))


def test_objects_of_one_class_are_equal_by_their_fields() -> None:
    calculated = Point(1, 2)
    assert calculated.total == 3

    assert calculated == Point(1, 2) != Point(1, 3)
    assert Nothing() == Nothing() != Point(1)
    assert Point(1) != Usual(1)
    assert {Named(1, tags=(), name="a"), Named(1, tags=(), name="a")} == {Named(1, tags=(), name="a")}  # type: ignore[arg-type]


@pytest.mark.parametrize("copied", [replace, dataclasses.replace])
def test_a_changed_copy_calculates_again(copied: Any) -> None:
    before = Point(1, 2)
    assert before.total == 3

    after = copied(before, y=3)

    assert (after, after.total, before) == (Point(1, 3), 4, Point(1, 2))


@pytest.mark.parametrize("copied", [replace, dataclasses.replace])
def test_a_copy_cannot_get_a_field_that_there_is_not(copied: Any) -> None:
    with pytest.raises(TypeError, match="z"):
        copied(Point(1), z=3)


def test_it_is_shown_as_it_is_written() -> None:
    assert repr(Named(1, name="a")) == "Named(x=1, y=0, tags=[], name='a')"


def test_it_can_be_copied_and_pickled() -> None:
    point = Point(1, 2, ["a"])

    assert copy.copy(point) == copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point  # noqa: S301


def test_it_may_be_abstract() -> None:
    class Shape(Frozen, ABC):
        side: int

        @abstractmethod
        def area(self) -> int: ...

    class Square(Shape):
        def area(self) -> int:
            return self.side**2

    assert Square(3).area() == 9
    assert [each.name for each in fields(Square)] == ["side"]
    with pytest.raises(TypeError, match="abstract"):
        Shape(3)  # type: ignore[abstract]
