"""The errors of EventBridge Scheduler and Lambda that the engine returns."""

from core.errors import PunctualError


class ApiError(PunctualError):
    """An error response: AWS's error code, HTTP status and message. Subclasses are the errors of several modules."""

    hint = "Change the request as the message says."
    code = "InternalServerException"
    status = 500

    def __init__(self, message: str, code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.status = status or self.status


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


class UnreadableDefinition(ApiError):
    """The stored definition of a schedule was damaged. The request is not at fault, so the code stays AWS's own."""

    hint = "Delete the schedule, and create it again."

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The stored definition of schedule {name} cannot be read ({reason}). {self.hint}")


class Conflict(ApiError):
    """The name exists already, or another request used the client token."""

    code = "ConflictException"
    status = 409
