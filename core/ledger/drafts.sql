-- Version 4 of punctual.db: drafts and templates (core/drafts).

CREATE TABLE draft (
    draft_id   TEXT PRIMARY KEY,          -- the id of the post that it becomes
    version    INTEGER NOT NULL,
    content    TEXT NOT NULL,             -- JSON of drafts.draft.DraftContent
    earlier    TEXT,                      -- the content that a save from elsewhere replaced
    template   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER                    -- NULL: not deleted
) WITHOUT ROWID;

CREATE INDEX draft_changed ON draft (template, deleted_at, changed_at DESC, draft_id DESC);
CREATE INDEX draft_deleted ON draft (deleted_at DESC, draft_id DESC) WHERE deleted_at IS NOT NULL;

-- A post leaves the drafts in the transaction that plans it.
CREATE TRIGGER draft_planned AFTER INSERT ON post BEGIN
    DELETE FROM draft WHERE draft_id = NEW.post_id;
END;
