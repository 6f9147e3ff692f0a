-- notices.db: channel states and reported problems. Instants are integer milliseconds since 1970 in UTC.

CREATE TABLE channel (
    name      TEXT PRIMARY KEY,
    since     INTEGER NOT NULL,           -- it reports problems that begin from then on
    failures  INTEGER NOT NULL DEFAULT 0, -- consecutive
    try_at    INTEGER NOT NULL DEFAULT 0, -- no attempt before then
    error     TEXT,                       -- text of the last failure; NULL after a success
    digest_on TEXT                        -- day of the last digest, in the digest's zone
) WITHOUT ROWID;

CREATE TABLE told (                       -- problems that a channel has reported
    channel TEXT NOT NULL,
    trouble TEXT NOT NULL,                -- the id of the problem
    at      INTEGER NOT NULL,
    PRIMARY KEY (channel, trouble)
) WITHOUT ROWID;

CREATE INDEX told_at ON told (at);

CREATE TABLE look (                       -- one row: the last scan; went_to is the earliest due instant that it covered
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    at       INTEGER NOT NULL,
    went_to  INTEGER NOT NULL
);
