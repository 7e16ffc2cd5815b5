"""The shop's own logins. A real shop would look the session up in a database."""

from dataclasses import dataclass

from chalice.app import Request


@dataclass(frozen=True)
class User:
    id: str
    email: str


SESSIONS = {
    "session-of-alice": User("alice", "alice@example.com"),
    "session-of-bob": User("bob", "bob@example.com"),
}


def user_of(request: Request) -> User | None:
    """Returns the user of the request's session; None if there is no session."""
    return SESSIONS.get(request.headers.get("x-session", ""))
