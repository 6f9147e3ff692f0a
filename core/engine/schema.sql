-- Version 1 of engine.db. Instants are integers: milliseconds since 1970, UTC.

CREATE TABLE schedule_group (
    name TEXT PRIMARY KEY,
    tags TEXT NOT NULL DEFAULT '{}',  -- JSON object
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE schedule (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the generation: a recreated name gets a new one
    group_name TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    target_arn TEXT NOT NULL,
    definition TEXT NOT NULL,              -- JSON of GetSchedule's response, without its dates
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    anchor INTEGER NOT NULL,               -- when its expression was set: the start of a rate()
    fired INTEGER,                         -- the last dispatched occurrence
    occurrence INTEGER,                    -- the next one; NULL: there is none, or the schedule is disabled
    due INTEGER                            -- when it is dispatched: later than itself in a flexible window
);
CREATE UNIQUE INDEX schedule_by_name ON schedule (group_name, name);
CREATE INDEX schedule_disabled ON schedule (group_name, name) WHERE state = 'DISABLED';
CREATE INDEX schedule_due ON schedule (due) WHERE due IS NOT NULL;

CREATE TABLE invocation (
    id TEXT PRIMARY KEY,        -- the execution id
    generation INTEGER,         -- the schedule's id; NULL for a direct invocation
    schedule_name TEXT,
    function_arn TEXT NOT NULL,
    payload BLOB NOT NULL,
    scheduled INTEGER NOT NULL,
    first_due INTEGER NOT NULL, -- the start of its age
    attempts INTEGER NOT NULL,
    next_attempt INTEGER,       -- NULL while it runs and for a dead letter
    owner TEXT,                 -- the process that has claimed it
    lease_until INTEGER,
    state TEXT NOT NULL,        -- waiting, running or dead; success deletes the row
    error TEXT,
    finished INTEGER            -- when it became a dead letter
) WITHOUT ROWID;
CREATE UNIQUE INDEX invocation_once ON invocation (generation, scheduled) WHERE generation IS NOT NULL;
CREATE INDEX invocation_waiting ON invocation (next_attempt) WHERE next_attempt IS NOT NULL;
CREATE INDEX invocation_running ON invocation (owner) WHERE owner IS NOT NULL;
CREATE INDEX invocation_dead ON invocation (finished) WHERE finished IS NOT NULL;

-- Executed requests. The same request with the same token has no effect.
CREATE TABLE client_token (
    token TEXT NOT NULL,
    operation TEXT NOT NULL,
    request BLOB NOT NULL,      -- a digest of the request
    used INTEGER NOT NULL,
    PRIMARY KEY (token, operation)
) WITHOUT ROWID;                -- no index on used: pruning may scan a day of rows, and creating must write little

CREATE TABLE engine_process (
    token TEXT PRIMARY KEY,     -- of its presence file
    heartbeat INTEGER NOT NULL
) WITHOUT ROWID;
