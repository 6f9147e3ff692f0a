"""The errors of EventBridge Scheduler and Lambda that the engine returns."""

from core.errors import PunctualError


class ApiError(PunctualError):
    """An error response: AWS's error code, HTTP status and message."""

    hint = "Change the request as the message says."
    code = "InternalServerException"
    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)


class InvalidRequest(ApiError):
    """The request violates a constraint of the service model, or one that only the service checks."""

    code = "ValidationException"
    status = 400


class MalformedRequest(ApiError):
    """The body or query cannot be parsed as the operation's input."""

    code = "SerializationException"
    status = 400


class ResourceNotFound(ApiError):
    """The named resource does not exist."""

    code = "ResourceNotFoundException"
    status = 404


class Conflict(ApiError):
    """The name exists already, or another request used the client token."""

    code = "ConflictException"
    status = 409


class UnknownOperation(ApiError):
    """No operation has this method and path."""

    code = "UnknownOperationException"
    status = 404


class InternalError(ApiError):
    """The engine failed. The message and the log hold the reason."""

    code = "InternalServerException"
    status = 500
