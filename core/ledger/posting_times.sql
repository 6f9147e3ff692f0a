-- The posting times, and the claims on them (core/timetable).

CREATE TABLE timetable (
    account TEXT PRIMARY KEY,             -- '': all accounts
    version INTEGER NOT NULL,
    content TEXT                          -- JSON of timetable.timetable.Timetable; NULL: removed
) WITHOUT ROWID;

CREATE TABLE time_claim (
    due_at     INTEGER NOT NULL,
    account    TEXT NOT NULL,
    post_id    TEXT NOT NULL,
    revision   INTEGER NOT NULL,          -- the post's revision when it claimed the time; 0: not planned yet
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (due_at, account)
) WITHOUT ROWID;
