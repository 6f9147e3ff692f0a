"""Posts that return to Drafts: the undo of their scheduling."""

from functools import partial

from core.drafts.draft import DraftContent
from core.drafts.port import Drafts
from core.posts.models import new_post_id
from core.scheduling.schedules import Schedules


def return_to_drafts(schedules: Schedules, drafts: Drafts, post_id: str, content: DraftContent) -> str:
    """Cancel a post and store its content as a draft, in one transaction; return the id of the draft.

    The post is in no list any more, and nothing restores it. The draft has another id, because a late invocation of the
    post is refused by its plan. Raises the errors of Schedules.cancel.
    """
    draft_id = new_post_id()
    schedules.return_to_drafts(schedules.plan(post_id), partial(drafts.take_back, draft_id, content))
    return draft_id
