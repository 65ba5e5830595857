-- What is known of accounts, rooms and bans: one JSON document each, kept in the same transactions as the events.

CREATE TABLE record (
    kind  TEXT NOT NULL,                  -- 'account', 'room', 'ban'
    key   TEXT NOT NULL,
    value TEXT NOT NULL,                  -- JSON
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
