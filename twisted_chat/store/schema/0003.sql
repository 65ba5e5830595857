-- What two people said to each other, among all direct messages: 4, 15, 16, and what they deleted of it: 10.

CREATE INDEX direct ON event (actor COLLATE NOCASE, room) WHERE kind IN (4, 10, 15, 16);
