-- Version 3 of engine.db: occurrences are derived from wall times, and noted with the release of the zone data.

-- NULL: no occurrence is pending, or it needs no rules of a zone. '': not noted, as for rows of version 2.
ALTER TABLE schedule ADD COLUMN zone_release TEXT;
-- The wall time of the pending occurrence, in milliseconds since 1970 as if it was UTC. NULL: not noted, or none pends.
ALTER TABLE schedule ADD COLUMN wall INTEGER;

UPDATE schedule SET zone_release = ''
WHERE due IS NOT NULL
  AND instr(definition, '"ScheduleExpressionTimezone":"UTC"') = 0
  AND instr(definition, '"ScheduleExpression":"rate(') = 0;

CREATE INDEX schedule_zone_release ON schedule (zone_release) WHERE due IS NOT NULL AND zone_release IS NOT NULL;
