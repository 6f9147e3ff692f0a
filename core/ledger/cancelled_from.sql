-- Version 3 of punctual.db: a cancelled post keeps the desired state that Undo brings back.

-- The desired state before the cancellation. NULL: the post is not cancelled, or version 2 cancelled it.
ALTER TABLE post ADD COLUMN cancelled_from TEXT CHECK (cancelled_from IN ('active', 'paused'));
