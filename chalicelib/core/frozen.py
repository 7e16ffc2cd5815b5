"""Immutable objects: frozen dataclasses for which no code is generated.

`dataclass(frozen=True)` writes, compiles and runs the source of several methods for each class, which was most of the
import time of the Notification Lambda. Here all classes share the methods.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import Field
    from dataclasses import replace as replace  # noqa: PLC0414 - mypy checks the arguments of this one


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Frozen:
    """A subclass is a frozen dataclass: `fields`, `asdict` and `replace` accept it.

    `class Name(Frozen, kw_only=True)` allows no positional arguments for the fields of this class. A field may have a
    default or a `default_factory`, and no other options.
    """

    if TYPE_CHECKING:  # `get_type_hints` of a subclass would evaluate these annotations
        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
        _names: ClassVar[frozenset[str]]
        _positional: ClassVar[tuple[str, ...]]
        _defaults: ClassVar[Mapping[str, Any]]
        _factories: ClassVar[tuple[tuple[str, Callable[[], Any]], ...]]
        _values: ClassVar[attrgetter[Any]]

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        super().__init_subclass__()
        cls.__doc__ = cls.__doc__ or cls.__name__  # else `dataclass` makes one from the signature
        dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        of = fields(cls)
        cls._names = frozenset(each.name for each in of)
        cls._positional = tuple(each.name for each in of if not each.kw_only)
        cls._defaults = {each.name: each.default for each in of if each.default is not MISSING}
        cls._factories = tuple((each.name, each.default_factory) for each in of if each.default_factory is not MISSING)
        cls._values = attrgetter("__class__", *(each.name for each in of))

    def __init__(self, *positional: Any, **named: Any) -> None:
        """Raises TypeError unless each field without a default has exactly one value."""
        if not named and len(positional) == len(self._names) == len(self._positional):
            vars(self).update(zip(self._positional, positional, strict=True))  # of thousands, most are made so
            return
        if not positional and named.keys() == self._names:
            vars(self).update(named)
            return
        values = {**self._defaults, **dict(zip(self._positional, positional, strict=False)), **named}
        for name, make in self._factories:
            if name not in values:
                values[name] = make()
        if values.keys() != self._names or (positional and not self._accepts(positional, named)):
            raise TypeError(self._fault(positional, named))
        vars(self).update(values)

    def _accepts(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
        """Returns whether each positional argument has a field, which is not named as well."""
        return len(positional) <= len(self._positional) and named.keys().isdisjoint(self._positional[: len(positional)])

    def _fault(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> str:
        allowed = ", ".join(sorted(self._names))
        given = f"{len(positional)} positional arguments and {', '.join(named) or 'none'} by name"
        return f"{type(self).__name__} does not accept {given}; its fields: {allowed}"

    def __replace__(self, /, **changes: Any) -> Self:
        if not changes.keys() <= self._names:
            raise TypeError(self._fault((), changes))
        made = object.__new__(type(self))
        values = vars(self)
        if len(values) > len(self._names):  # the values of cached properties belong to the original
            values = {name: value for name, value in values.items() if name in self._names}
        vars(made).update(values, **changes)
        return made

    def __eq__(self, other: object) -> bool:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return bool(self._values(self) == self._values(other))

    def __hash__(self) -> int:
        return hash(self._values(self))

    def __repr__(self) -> str:
        shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self))
        return f"{type(self).__qualname__}({shown})"

    def __setattr__(self, name: str, _value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")


if not TYPE_CHECKING:

    def replace(frozen: Frozen, /, **changes: Any) -> Frozen:
        """Does what `dataclasses.replace` does, without passing each field through the constructor."""
        return frozen.__replace__(**changes)
