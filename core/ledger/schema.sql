-- punctual.db: what was planned, what became of it, who may publish it, and the outbox.
-- Instants are integer milliseconds since 1970 in UTC.

CREATE TABLE post (
    post_id       TEXT PRIMARY KEY,
    revision      INTEGER NOT NULL,
    content       TEXT NOT NULL,              -- the current revision, JSON of models.Post
    wish          TEXT NOT NULL CHECK (wish IN ('active', 'paused', 'cancelled', 'moved')),
    schedule_name TEXT,                       -- the schedule that shall carry it; NULL: handed over directly
    superseded    TEXT NOT NULL DEFAULT '[]', -- schedules of earlier revisions, to be deleted
    settled       INTEGER NOT NULL DEFAULT 0, -- 1 once the schedule was read back as wished
    contested     INTEGER NOT NULL DEFAULT 0, -- 1 if the revision before it was not settled when it was replaced
    due_at        INTEGER,                    -- NULL: repeating
    open          INTEGER NOT NULL DEFAULT 1, -- 1 while neither cancelled nor, for a one-time post, begun
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
    content        TEXT NOT NULL,             -- the payload as it was handed over
    shown          INTEGER NOT NULL           -- 0 while all that happened is that an old revision was turned away
) WITHOUT ROWID;

CREATE INDEX occurrence_history ON occurrence (due_at DESC, occurrence_key DESC) WHERE shown = 1;
CREATE INDEX occurrence_due ON occurrence (due_at);

CREATE TABLE receipt (
    id             INTEGER PRIMARY KEY,
    occurrence_key TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    destination    TEXT,                      -- NULL: about the occurrence as a whole
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
    owner          TEXT NOT NULL,             -- the process that has it, by its presence
    lease_until    INTEGER NOT NULL,
    late_at        INTEGER,                   -- after this nothing is attempted by itself; NULL: always
    prepared       TEXT,                      -- JSON a network stored before its first call
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
    media          TEXT NOT NULL DEFAULT '[]', -- JSON of models.Media, in their order
    published_at   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX outbox_feed ON outbox (published_at DESC, occurrence_key DESC);
