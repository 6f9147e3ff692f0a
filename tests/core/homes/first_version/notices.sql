BEGIN TRANSACTION;
CREATE TABLE channel (
    name      TEXT PRIMARY KEY,
    since     INTEGER NOT NULL,           -- it is told what became so from then on
    failures  INTEGER NOT NULL DEFAULT 0, -- in a row
    try_at    INTEGER NOT NULL DEFAULT 0, -- after a failure it is left alone until then
    error     TEXT,                       -- the last failure, in words
    digest_on TEXT                        -- the day of the last digest, as the channel's calendar shows it
) WITHOUT ROWID;
CREATE TABLE look (                       -- one row: the last look, and the due instant that it went back to
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    at       INTEGER NOT NULL,
    went_to  INTEGER NOT NULL
);
CREATE TABLE told (
    channel TEXT NOT NULL,
    trouble TEXT NOT NULL,                -- its id
    at      INTEGER NOT NULL,
    PRIMARY KEY (channel, trouble)
) WITHOUT ROWID;
CREATE INDEX told_at ON told (at);
COMMIT;
PRAGMA user_version = 1;
