"""The root of the error tree."""


class PunctualError(Exception):
    """An error that a person can act on.

    `str(error)` states the fault and `error.hint` the remedy. Neither holds a secret.
    """

    hint = "Try again in a minute."
