-- Pause all (core/scheduling/hold): the posts that it paused, until they are resumed.

CREATE TABLE hold (
    id      INTEGER PRIMARY KEY CHECK (id = 1), -- there is one at most
    content TEXT NOT NULL                       -- JSON of scheduling.hold.port.Hold
);
