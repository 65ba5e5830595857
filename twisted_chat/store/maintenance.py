"""What an operator does with a database from outside the daemon, also while it runs."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from ..chat.events import Kind, inbox
from .database import APPLICATION_ID, make_private, quoted, schema_steps
from .interface import StoreError

# As the roles are stored.
ROLES = {2: "voice", 3: "op", 4: "owner"}
# What a record of each kind has at least.
MEMBERS = {
    "account": {"name", "password", "created", "seen", "rooms", "markers", "inbox"},
    "room": {"topic", "roles", "modes", "bans", "mutes", "invited", "pins"},
    "ban": {"mask", "until", "reason", "by", "at"},
}


def accounts(path: str) -> list[dict[str, Any]]:
    """All accounts, by name, without their passwords."""
    with _reading(path) as db:
        found = db.execute("SELECT value FROM record WHERE kind = 'account' ORDER BY key")
        return [_public(json.loads(value)) for (value,) in found]


def export(path: str, key: str) -> dict[str, Any]:
    """All that is kept of an account: the account, what it said, and the direct messages to it.

    @param key: the key of its name.
    @raise StoreError: there is no such account.
    """
    with _reading(path) as db:
        row = db.execute("SELECT value FROM record WHERE kind = 'account' AND key = ?", (key,)).fetchone()
        if row is None:
            raise StoreError(f"there is no account {key}")
        account = json.loads(row[0])
        own = [name for (name,) in db.execute("SELECT DISTINCT actor FROM event") if name.casefold() == key]
        found = db.execute(
            "SELECT event.id, time, kind, room.name, actor, target, text FROM event LEFT JOIN room ON room.id = room"
            f" WHERE actor IN ({','.join('?' * len(own))}) OR room.name = ? ORDER BY event.id",
            (*own, inbox(key)),
        )
        names = ("id", "time", "type", "where", "from", "to", "text")
        events = [dict(zip(names, row, strict=True)) for row in found]
        for event in events:
            event["type"] = Kind(event["type"]).name.lower()
        rooms = db.execute("SELECT key, value FROM record WHERE kind = 'room' ORDER BY key")
        roles = {room: json.loads(value)["roles"].get(key) for room, value in rooms}
        return {
            "account": _public(account),
            "roles": {room: ROLES.get(role, str(role)) for room, role in roles.items() if role is not None},
            "events": events,
        }


def backup(path: str, target: str) -> None:
    """Copy the database as it is at one moment. The daemon goes on meanwhile.

    @raise StoreError: the copy cannot be made; nothing is left of it.
    """
    target = os.path.abspath(target)
    if os.path.lexists(target):
        raise StoreError(f"{target} is there already")
    try:
        with _reading(path) as db:
            make_private(target)
            db.execute("VACUUM INTO ?", (target,))
        for name in (target, os.path.dirname(target)):
            descriptor = os.open(name, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
    except (StoreError, OSError):
        if os.path.exists(target):
            os.remove(target)
        raise


def check(path: str) -> list[str]:
    """What is wrong with a database: a line for each fault, none when it is sound."""
    with _reading(path) as db:
        faults = [line for (line,) in db.execute("PRAGMA integrity_check") if line != "ok"]
        faults += [f"a row of {table} has no room" for table, *_ in db.execute("PRAGMA foreign_key_check")]
        for kind, key, value in db.execute("SELECT kind, key, value FROM record"):
            try:
                record = json.loads(value)
            except ValueError:
                faults.append(f"the {kind} {key} is not JSON")
                continue
            missing = MEMBERS.get(kind, set()) - set(record) if isinstance(record, dict) else {"everything"}
            if missing:
                faults.append(f"the {kind} {key} lacks {', '.join(sorted(missing))}")
        ((last,),) = db.execute("SELECT coalesce(max(id), 0) FROM event")
        if any(upto > last for (upto,) in db.execute("SELECT upto FROM indexed")):
            faults.append("search is ahead of the log")
        return faults


def erasing(path: str) -> bool:
    """Whether some of what an erased account said is still there."""
    with _reading(path) as db:
        return bool(db.execute("SELECT 1 FROM record WHERE kind = 'erasing'").fetchall())


def place_order(path: str, order: Mapping[str, Any]) -> str:
    """Leave an order for the daemon, or for the next that opens the database.

    @return: the order's key, for L{take_answer}.
    """
    key = uuid.uuid4().hex
    with _open(path, "rw") as db:
        db.execute("INSERT INTO record VALUES ('order', ?, ?)", (key, json.dumps(order)))
        db.commit()
    return key


def take_answer(path: str, key: str) -> dict[str, Any] | None:
    """What became of an order; C{None} as long as nothing has."""
    with _open(path, "rw") as db:
        row = db.execute("SELECT value FROM record WHERE kind = 'answer' AND key = ?", (key,)).fetchone()
        if row is None:
            return None
        db.execute("DELETE FROM record WHERE kind = 'answer' AND key = ?", (key,))
        db.commit()
        answer: dict[str, Any] = json.loads(row[0])
        return answer


def _public(account: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in account.items() if name not in ("password", "scram")}


@contextmanager
def _reading(path: str) -> Iterator[sqlite3.Connection]:
    with _open(path, "ro") as db:
        yield db


@contextmanager
def _open(path: str, mode: str) -> Iterator[sqlite3.Connection]:
    """A connection beside the daemon's.

    @raise StoreError: there is no such database, it is another program's, or of another version; or anything else that
        goes wrong while it is open.
    """
    if not os.path.exists(path):
        raise StoreError(f"{path}: there is no such file; --database FILE says where the database is")
    try:
        with closing(sqlite3.connect(f"file:{quoted(path)}?mode={mode}", uri=True, timeout=10.0)) as db:
            (application,) = db.execute("PRAGMA application_id").fetchone()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if application != APPLICATION_ID:
                raise StoreError(f"{path}: not a database of twisted-chat")
            if version != len(schema_steps()):
                raise StoreError(f"{path}: of another version; start the daemon once to upgrade it")
            yield db
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
