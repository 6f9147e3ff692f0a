-- Version 2 of punctual.db: instants are derived from wall time and zone, and noted with the release of the zone data.

-- '': not noted, as for rows of version 1.
ALTER TABLE post ADD COLUMN zone_release TEXT NOT NULL DEFAULT '';
-- 1 or 2: the chosen instant of a wall time that the clocks repeat. NULL: the wall time has one instant.
ALTER TABLE post ADD COLUMN which INTEGER CHECK (which IN (1, 2));
-- The desired state before the wall time lost its one instant. A chosen time brings it back. NULL: no time is needed.
ALTER TABLE post ADD COLUMN needs_time TEXT CHECK (needs_time IN ('active', 'paused'));

CREATE INDEX post_zone_release ON post (zone_release, due_at) WHERE open = 1;
CREATE INDEX post_needs_time ON post (due_at) WHERE open = 1 AND needs_time IS NOT NULL;
CREATE INDEX post_cancelled ON post (changed_at DESC) WHERE wish = 'cancelled';
