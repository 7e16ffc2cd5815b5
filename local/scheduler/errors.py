"""The service's errors, as its API model names them: HTTP status, AWS's code, AWS's message."""

from typing import ClassVar


class SchedulerError(Exception):
    """The request is refused. `str` of the error is the message in the answer."""

    status: ClassVar[int]
    code: ClassVar[str]


class ValidationFailed(SchedulerError):
    status = 400
    code = "ValidationException"


class UnreadableRequest(SchedulerError):
    """Not JSON, or a member of the wrong JSON type."""

    status = 400
    code = "SerializationException"


class NotFound(SchedulerError):
    status = 404
    code = "ResourceNotFoundException"


class UnknownOperation(SchedulerError):
    status = 404
    code = "UnknownOperationException"


class Conflict(SchedulerError):
    status = 409
    code = "ConflictException"
