BEGIN TRANSACTION;
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
INSERT INTO "claim" VALUES('k3v9q2m4cx7e','outbox','k3v9q2m4cx7e','published',1,'50c97eff63df5ca7',0,1793696400000,NULL,'{"url": "/outbox?post=k3v9q2m4cx7e"}',1828252800000);
INSERT INTO "claim" VALUES('k3v9q2m4cx7f','outbox','k3v9q2m4cx7f','published',1,'50c97eff63df5ca7',0,1793696400000,NULL,'{"url": "/outbox?post=k3v9q2m4cx7f"}',1828252800000);
INSERT INTO "claim" VALUES('k3v9q2m4cx7f','webhook:sales','k3v9q2m4cx7f','refused',1,'50c97eff63df5ca7',0,1793696400000,NULL,'{"reason": "No account webhook:sales is connected. Connect it under Accounts, then retry."}',1828252800000);
CREATE TABLE occurrence (
    occurrence_key TEXT PRIMARY KEY,
    post_id        TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    content        TEXT NOT NULL,             -- the payload as it was handed over
    shown          INTEGER NOT NULL           -- 0 while all that happened is that an old revision was turned away
) WITHOUT ROWID;
INSERT INTO "occurrence" VALUES('k3v9q2m4cx7e','k3v9q2m4cx7e',1,1793692800000,'{"version":1,"occurrence":"2026-11-03T08:00:00Z","post_id":"k3v9q2m4cx7e","revision":1,"text":"Published","variants":{},"destinations":["outbox"],"media":[],"zone":"Europe/Berlin","wall":"2026-11-03T09:00:00","due_at":"2026-11-03T08:00:00Z","late_after_minutes":60}',1);
INSERT INTO "occurrence" VALUES('k3v9q2m4cx7f','k3v9q2m4cx7f',1,1793692800000,'{"version":1,"occurrence":"2026-11-03T08:00:00Z","post_id":"k3v9q2m4cx7f","revision":1,"text":"Refused by the webhook","variants":{},"destinations":["outbox","webhook:sales"],"media":[],"zone":"Europe/Berlin","wall":"2026-11-03T09:00:00","due_at":"2026-11-03T08:00:00Z","late_after_minutes":60}',1);
CREATE TABLE outbox (
    occurrence_key TEXT PRIMARY KEY,
    post_id        TEXT NOT NULL,
    text           TEXT NOT NULL,
    media          TEXT NOT NULL DEFAULT '[]', -- JSON of models.Media, in their order
    published_at   INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "outbox" VALUES('k3v9q2m4cx7e','k3v9q2m4cx7e','Published','[]',1793692800000);
INSERT INTO "outbox" VALUES('k3v9q2m4cx7f','k3v9q2m4cx7f','Refused by the webhook','[]',1793692800000);
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
INSERT INTO "post" VALUES('k3v9q2m4cx7a',1,'{"post_id":"k3v9q2m4cx7a","revision":1,"text":"Still to come","variants":{},"destinations":["outbox"],"media":[],"zone":"Europe/Berlin","wall":"2026-11-05T09:00:00","due_at":"2026-11-05T08:00:00Z","late_after_minutes":60,"url":null,"repeat":null}','active','post-20261105T080000Z-k3v9q2m4cx7a','[]',1,0,1793865600000,1,1793620800000,1793620800000);
INSERT INTO "post" VALUES('k3v9q2m4cx7b',2,'{"post_id":"k3v9q2m4cx7b","revision":2,"text":"Paused","variants":{},"destinations":["outbox"],"media":[],"zone":"Europe/Berlin","wall":"2026-11-06T09:00:00","due_at":"2026-11-06T08:00:00Z","late_after_minutes":60,"url":null,"repeat":null}','paused','post-20261106T080000Z-k3v9q2m4cx7b','[]',1,0,1793952000000,1,1793620800000,1793620800000);
INSERT INTO "post" VALUES('k3v9q2m4cx7c',2,'{"post_id":"k3v9q2m4cx7c","revision":2,"text":"Cancelled","variants":{},"destinations":["outbox"],"media":[],"zone":"Europe/Berlin","wall":"2026-11-07T09:00:00","due_at":"2026-11-07T08:00:00Z","late_after_minutes":60,"url":null,"repeat":null}','cancelled','post-20261107T080000Z-k3v9q2m4cx7c','[]',1,0,1794038400000,0,1793620800000,1793620800000);
INSERT INTO "post" VALUES('k3v9q2m4cx7d',1,'{"post_id":"k3v9q2m4cx7d","revision":1,"text":"Every day","variants":{},"destinations":["outbox"],"media":[],"zone":"Europe/Berlin","wall":"2026-11-03T09:00:00","due_at":null,"late_after_minutes":60,"url":null,"repeat":{"expression":"cron(0 9 * * ? *)","starts_at":"2026-11-02T23:00:00Z","ends_at":null}}','active','repeat-k3v9q2m4cx7d','[]',1,0,NULL,1,1793620800000,1793620800000);
INSERT INTO "post" VALUES('k3v9q2m4cx7e',1,'{"post_id":"k3v9q2m4cx7e","revision":1,"text":"Published","variants":{},"destinations":["outbox"],"media":[],"zone":"Europe/Berlin","wall":"2026-11-03T09:00:00","due_at":"2026-11-03T08:00:00Z","late_after_minutes":60,"url":null,"repeat":null}','active','post-20261103T080000Z-k3v9q2m4cx7e','[]',1,0,1793692800000,0,1793620800000,1793620800000);
INSERT INTO "post" VALUES('k3v9q2m4cx7f',1,'{"post_id":"k3v9q2m4cx7f","revision":1,"text":"Refused by the webhook","variants":{},"destinations":["outbox","webhook:sales"],"media":[],"zone":"Europe/Berlin","wall":"2026-11-03T09:00:00","due_at":"2026-11-03T08:00:00Z","late_after_minutes":60,"url":null,"repeat":null}','active','post-20261103T080000Z-k3v9q2m4cx7f','[]',1,0,1793692800000,0,1793620800000,1793620800000);
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
INSERT INTO "receipt" VALUES(1,'k3v9q2m4cx7e',1,'outbox','published',1,1793692800000,'{"url": "/outbox?post=k3v9q2m4cx7e"}');
INSERT INTO "receipt" VALUES(2,'k3v9q2m4cx7f',1,'webhook:sales','refused',1,1793692800000,'{"reason": "No account webhook:sales is connected. Connect it under Accounts, then retry."}');
INSERT INTO "receipt" VALUES(3,'k3v9q2m4cx7f',1,'outbox','published',1,1793692800000,'{"url": "/outbox?post=k3v9q2m4cx7f"}');
CREATE INDEX post_unsettled ON post (changed_at, due_at) WHERE settled = 0;
CREATE INDEX post_open ON post (due_at) WHERE open = 1 AND due_at IS NOT NULL;
CREATE INDEX post_series ON post (post_id) WHERE open = 1 AND due_at IS NULL;
CREATE INDEX post_series_end ON post (json_extract(content, '$.repeat.ends_at')) WHERE open = 1 AND due_at IS NULL;
CREATE INDEX post_ended ON post (changed_at) WHERE open = 0 AND settled = 1;
CREATE INDEX occurrence_history ON occurrence (due_at DESC, occurrence_key DESC) WHERE shown = 1;
CREATE INDEX occurrence_due ON occurrence (due_at);
CREATE INDEX receipt_occurrence ON receipt (occurrence_key, id);
CREATE INDEX claim_post ON claim (post_id, state);
CREATE INDEX claim_expiry ON claim (expires_at);
CREATE INDEX outbox_feed ON outbox (published_at DESC, occurrence_key DESC);
COMMIT;
PRAGMA user_version = 1;
