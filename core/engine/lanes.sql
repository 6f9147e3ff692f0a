-- Version 2 of engine.db: lanes, which bound how many workers one slow destination occupies.

-- NULL: not named yet, as for rows of version 1 and direct invocations; the next runner names it. '': no lane.
ALTER TABLE invocation ADD COLUMN lane TEXT;

CREATE INDEX invocation_lane ON invocation (lane, next_attempt) WHERE next_attempt IS NOT NULL;
