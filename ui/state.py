"""Every session-state key. State holds drafts, selections and what to say next, never what core can fetch."""

DRAFT = "draft"
"""The post id that the next Schedule uses; made with the draft, so that a double click schedules one post."""
ASIDE = "aside"
"""The drafts that made way for another one, the first that did so first."""
OUTCOME = "outcome"
"""The post id that Compose tells about: the one just scheduled or posted."""
REFUSAL = "refusal"
"""What core refused in the last callback, to be shown once."""
NOTE = "note"
"""What the last callback says it did, to be shown once."""
ASKED = "asked"
"""What a callback wants opened, a dialog or another page: a function without arguments."""
MADE_SECRET = "made-secret"
"""The account just connected and the secret made for it, until the person has put it away."""
VISIT = "visit"
"""The page that was last drawn, so that a page knows when it is opened anew."""
PLACES = "places"
"""The posts that this list has shown, each where it stands: a refresh moves and removes none."""
SHOWN = "shown"
"""How many posts of the queue, of History or of the outbox this visit asks for."""
WINDOW = "window"
"""How far ahead the queue looks."""
MONTH = "month"
"""The first day of the month that the calendar shows."""
DAY = "day"
"""The day that the calendar shows in full."""
SEARCH = "search"
"""The words that the posts of a list must hold."""


def of(name: str, post_id: str) -> str:
    """Return the key of a widget that belongs to one post or draft.

    A late click or keystroke then changes the draft it was meant for, and no later one.
    """
    return f"{name}-{post_id}"
