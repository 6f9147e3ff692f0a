-- punctual.db: plans, occurrences, receipts, claims and the outbox.
-- Instants are integer milliseconds since 1970 in UTC.

CREATE TABLE post (
    post_id       TEXT PRIMARY KEY,
    revision      INTEGER NOT NULL,
    content       TEXT NOT NULL,              -- the current revision, JSON of posts.models.Post
    wish          TEXT NOT NULL CHECK (wish IN ('active', 'paused', 'cancelled', 'moved')), -- the desired state
    schedule_name TEXT,                       -- the schedule that carries it; NULL: sent at once
    superseded    TEXT NOT NULL DEFAULT '[]', -- schedules of earlier revisions, to be deleted
    settled       INTEGER NOT NULL DEFAULT 0, -- 1 once the schedules match the plan
    contested     INTEGER NOT NULL DEFAULT 0, -- 1 if the revision before it was unsettled when it was replaced
    due_at        INTEGER,                    -- NULL: repeating
    open          INTEGER NOT NULL DEFAULT 1, -- 1 while neither cancelled, moved nor, for a one-time post, begun
    created_at    INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX post_unsettled ON post (changed_at, due_at) WHERE settled = 0;
CREATE INDEX post_open ON post (due_at) WHERE open = 1 AND due_at IS NOT NULL;
CREATE INDEX post_series ON post (post_id) WHERE open = 1 AND due_at IS NULL;
CREATE INDEX post_series_end ON post (json_extract(content, '$.repeat.ends_at')) WHERE open = 1 AND due_at IS NULL;
CREATE INDEX post_ended ON post (changed_at) WHERE open = 0 AND settled = 1;

CREATE TABLE occurrence (
    occurrence_key TEXT PRIMARY KEY,
    post_id        TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    content        TEXT NOT NULL,             -- the payload
    shown          INTEGER NOT NULL           -- 1 if History shows it
) WITHOUT ROWID;

CREATE INDEX occurrence_history ON occurrence (due_at DESC, occurrence_key DESC) WHERE shown = 1;
CREATE INDEX occurrence_due ON occurrence (due_at);

CREATE TABLE receipt (
    id             INTEGER PRIMARY KEY,
    occurrence_key TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    destination    TEXT,                      -- NULL: the whole occurrence
    kind           TEXT NOT NULL,
    attempt        INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    detail         TEXT NOT NULL              -- JSON: url, reason, status, ...
);

CREATE INDEX receipt_occurrence ON receipt (occurrence_key, id);

CREATE TABLE claim (
    occurrence_key TEXT NOT NULL,
    destination    TEXT NOT NULL,
    post_id        TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('claimed', 'waiting', 'published', 'refused', 'unconfirmed')),
    attempt        INTEGER NOT NULL,
    owner          TEXT NOT NULL,             -- the presence token of the process that holds it
    lease_until    INTEGER NOT NULL,
    late_at        INTEGER,                   -- no attempt after this without the user; NULL: no limit
    prepared       TEXT,                      -- JSON that a network stored before its first call
    detail         TEXT NOT NULL DEFAULT '{}',
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (occurrence_key, destination)
) WITHOUT ROWID;

CREATE INDEX claim_post ON claim (post_id, state);
CREATE INDEX claim_expiry ON claim (expires_at);

CREATE TABLE outbox (
    occurrence_key TEXT PRIMARY KEY,
    post_id        TEXT NOT NULL,
    text           TEXT NOT NULL,
    media          TEXT NOT NULL DEFAULT '[]', -- JSON of posts.models.Media, in order
    published_at   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX outbox_feed ON outbox (published_at DESC, occurrence_key DESC);
