"""The one error tree: everything a person at the keyboard can act on."""


class PunctualError(Exception):
    """Something the person at the keyboard can act on.

    `str(error)` says what is wrong, from facts; `error.hint` says what to do next. Neither ever holds a secret.
    """

    hint = "Try again in a minute."
