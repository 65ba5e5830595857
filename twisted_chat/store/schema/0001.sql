-- The log. What happens is appended to event, in order, and nothing else is ever done to it.

CREATE TABLE room (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,           -- with its #, in the form that names are compared in
    topic TEXT NOT NULL DEFAULT ''
);

CREATE TABLE event (
    id       INTEGER PRIMARY KEY,         -- the place in the log
    time     INTEGER NOT NULL,            -- milliseconds since 1970-01-01 UTC
    kind     INTEGER NOT NULL,            -- chat/events.py: Kind
    room     INTEGER REFERENCES room,     -- NULL: a direct message
    presence INTEGER NOT NULL,            -- 1: who came and went, 0: what was said
    actor    TEXT NOT NULL,
    target   TEXT NOT NULL,
    text     TEXT NOT NULL
);

-- The newest lines of a room, with or without who came and went, are the end of one or two runs of this index.
CREATE INDEX event_in_room ON event (room, presence);

-- Search. Without a content of its own: rowid is event.id. A word "r12" in room is the room's id, so that looking
-- in some rooms is an intersection of two lists and not a walk through every match elsewhere.
CREATE VIRTUAL TABLE search USING fts5 (
    room, text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2'
);

-- Up to which event search has been filled. It follows the log in small steps, and is brought up to date before a search.
CREATE TABLE indexed (
    upto INTEGER NOT NULL
);
INSERT INTO indexed VALUES (0);
