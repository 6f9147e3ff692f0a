-- A post whose scheduling was undone is in Drafts again: Cancelled does not list it, and nothing restores it.

ALTER TABLE post ADD COLUMN returned INTEGER NOT NULL DEFAULT 0;
