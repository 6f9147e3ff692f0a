"""The errors that the engine answers, as EventBridge Scheduler and Lambda name them."""

from core.errors import PunctualError


class ApiFault(PunctualError):
    """A request that is answered with an error: its AWS code, its HTTP status and its text."""

    hint = "Change the request as the message says."
    code = "InternalServerException"
    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)


class Invalid(ApiFault):
    """A constraint of the service model, or one that only the service knows, is violated."""

    code = "ValidationException"
    status = 400


class Unreadable(ApiFault):
    """The body is not what the operation's input looks like on the wire."""

    code = "SerializationException"
    status = 400


class Missing(ApiFault):
    """What the request names is not there."""

    code = "ResourceNotFoundException"
    status = 404


class Conflict(ApiFault):
    """The name is taken, or the client token was used for another request."""

    code = "ConflictException"
    status = 409


class UnknownOperation(ApiFault):
    """No operation has this method and path."""

    code = "UnknownOperationException"
    status = 404


class Internal(ApiFault):
    """The engine could not carry the request out; the reason is in the message and in the log."""

    code = "InternalServerException"
    status = 500
