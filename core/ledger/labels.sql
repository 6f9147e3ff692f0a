-- The labels of posts (core/labels). Posts carry the names.

CREATE TABLE label (
    key    TEXT PRIMARY KEY,              -- the name without the difference of upper and lower case
    name   TEXT NOT NULL,
    colour TEXT NOT NULL                  -- labels.label.LabelColour
) WITHOUT ROWID;
