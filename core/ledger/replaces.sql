-- The series whose run a post replaces: the series skips the run while such a post is not cancelled.

ALTER TABLE post ADD COLUMN replaces TEXT; -- post id of the series; NULL: the post replaces no run
UPDATE post SET replaces = json_extract(content, '$.replaces[0]') WHERE due_at IS NOT NULL;
CREATE INDEX post_replaces ON post (replaces) WHERE replaces IS NOT NULL;
