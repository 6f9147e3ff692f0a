"""The note on a post that replaces one run of a series."""

from core.posts.models import Post
from core.time.phrases import date_and_time
from ui.frame.application import application


def replaced_run(post: Post | None, *, cancelled: bool = False) -> str:
    """Return which run a post replaces, and what its cancellation or its Undo does to the run, as Markdown.

    Return "" for any other post.
    """
    if post is None or post.replaces is None:
        return ""
    run = post.replaces[1]
    when = f"the run of {date_and_time(run, post.zone)}"
    if run <= application().clock():
        words = f"In place of {when}"
    elif cancelled:
        words = f"Undo skips {when} again"
    else:
        words = f"In place of {when}, which returns if you cancel this post"
    return f":small[:gray[:material/event_repeat: {words}]]"
