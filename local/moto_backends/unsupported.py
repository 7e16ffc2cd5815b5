"""The error for requests that AWS accepts and the local cloud does not imitate."""


class Unsupported(Exception):
    """AWS supports this and the local cloud does not. The client gets 501 `NotImplemented` with the message."""
