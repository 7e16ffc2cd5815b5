"""Paths, answers and errors of the console's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...core.errors import ScheduledTasksError
from ...scheduling.arguments.described import about
from .composed import Composed
from .parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Sequence


class ConsoleFileNotFound(ScheduledTasksError):
    """The console has no such file."""


class ConsoleNotConfigured(ScheduledTasksError):
    """The console has no client id. `missing` names the environment variables to set."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(f"The console is not set up: set {', '.join(missing)}.")


class ConsoleFilePath(Parameters):
    problems = (ConsoleFileNotFound,)

    file: Annotated[str, about("Name of the file, with or without a digest", "main.js")]


class ConsoleSettingsView(Composed):
    """What the console needs to sign a user in (OpenID Connect)."""

    issuer: Annotated[str, about("Issuer of the tokens", "https://issuer.example.com")]
    authorization_endpoint: Annotated[str, about("Where the user signs in", "https://issuer.example.com/authorize")]
    token_endpoint: Annotated[str, about("Where a code becomes a token", "https://issuer.example.com/token")]
    end_session_endpoint: Annotated[
        str | None, about("Where the user signs out; null if the issuer has none", "https://issuer.example.com/logout")
    ]
    client_id: Annotated[str, about("The console's client id at the issuer", "7m4pq2example")]
    scope: Annotated[
        str, about("Scopes that the console asks for, separated by spaces", "openid schedules:read schedules:write")
    ]
    audience: Annotated[str, about("Audience of the tokens", "scheduled-tasks")]
