"""METADATA: what people and rooms say of themselves by key. IRCv3 metadata (draft/metadata-2, and draft/metadata-3, in
which changes are told with numerics)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...chat import metadata
from ...chat.errors import Refused
from ...chat.metadata import MAX_KEYS, Target, shown
from ...chat.rooms import Room, User
from ...chat.text import clean
from .message import MAX_LINE, Message
from .people import find
from .roomlines import fill
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

CAPABILITIES = ("draft/metadata-2", "draft/metadata-3")
# What a client is told at once on joining; of more it is told to ask later.
MAX_TOLD = 200
_FAILS = {
    "bad-key": "KEY_INVALID",
    "bad-value": "INVALID_VALUE",
    "no-such-key": "KEY_NOT_SET",
    "no-such-target": "INVALID_TARGET",
    "not-allowed": "KEY_NO_PERMISSION",
    "too-many-keys": "LIMIT_REACHED",
}


@verb("METADATA", 2, early=True, cost=2)
def metadata_(connection: IRCProtocol, message: Message) -> None:
    """Shows or sets what people and rooms say of themselves: METADATA target GET key…, LIST, SET key [:value], CLEAR,
    SYNC; METADATA * SUB key…, UNSUB key…, SUBS. The target is a room, a nick, or * for yourself."""
    target, subcommand, *params = message.params
    do = _SUBCOMMANDS.get(subcommand.upper())
    registration = connection.registration
    if do is None:
        connection.fail("METADATA", "SUBCOMMAND_INVALID", subcommand, text="There is no such subcommand.")
    elif registration is not None and not has(connection):
        connection.reply(451, text="You have not registered")
    elif len(params) < _LEAST.get(subcommand.upper(), 0):
        connection.reply(461, "METADATA", text="Not enough parameters")
    elif registration is not None and (target != "*" or subcommand.upper() not in _EARLY):
        connection.fail("METADATA", "INVALID_TARGET", target, text="That is for later: you have not registered.")
    else:
        try:
            do(connection, target, params)
        except Refused as why:
            _fail(connection, why, target, params[0] if params else "*")


def has(connection: IRCProtocol) -> bool:
    """Whether the client has asked for it."""
    return not connection.caps.isdisjoint(CAPABILITIES)


def _fail(connection: IRCProtocol, why: Refused, target: str, key: str) -> None:
    code = _FAILS.get(why.code, why.code.upper().replace("-", "_"))
    context = {"KEY_INVALID": (key,), "INVALID_VALUE": (key,), "INVALID_TARGET": (target,), "LIMIT_REACHED": (target,)}
    connection.fail("METADATA", code, *context.get(code, (target, key)), text=why.sentence)


def _find(connection: IRCProtocol, text: str) -> Target:
    """
    @raise Refused: C{"no-such-target"}, or C{"not-allowed"}: one may not read it.
    """
    if text == "*":
        return connection.user
    target = metadata.find(connection.chat, connection.session, text)
    if not metadata.sees(connection.chat, connection.user, target):
        raise Refused("not-allowed", "You may not see that.")
    return target


def _value(connection: IRCProtocol, target: str, key: str, value: str | None) -> str:
    if value is None:
        return connection.numeric(766, target, key, text="key not set")
    return connection.numeric(761, target, key, "*", text=value)


def batch(connection: IRCProtocol, kind: str, lines: Iterable[str], target: str = "") -> list[str]:
    """Lines as a batch, for a client that knows batches."""
    if "batch" not in connection.caps:
        return list(lines)
    start = f":{connection.server} BATCH +metadata {kind}" + (f" {target}" if target else "")
    return [start, *(f"@batch=metadata {line}" for line in lines), f":{connection.server} BATCH -metadata"]


# Subcommands


def _get(connection: IRCProtocol, text: str, keys: Sequence[str]) -> None:
    target = _find(connection, text)
    set_, lines = metadata.shown_values(connection.chat, connection.user, target), []
    for key in keys[: MAX_KEYS * 2]:
        try:
            metadata.check_key(key)
        except Refused as why:
            lines.append(f":{connection.server} FAIL METADATA KEY_INVALID {clean(key) or '*'} :{why.sentence}")
        else:
            lines.append(_value(connection, shown(target), key, set_.get(key)))
    connection.lines(batch(connection, "metadata", lines, shown(target)))


def _list(connection: IRCProtocol, text: str, params: Sequence[str]) -> None:
    target = _find(connection, text)
    set_ = metadata.shown_values(connection.chat, connection.user, target)
    lines = [_value(connection, shown(target), key, value) for key, value in set_.items()]
    connection.lines(batch(connection, "metadata", lines, shown(target)))


def _set(connection: IRCProtocol, text: str, params: Sequence[str]) -> None:
    key, value = params[0], clean(params[1]) if len(params) > 1 else None
    registration = connection.registration
    if registration is not None:
        metadata.check_key(key)
        metadata.check_value(value or "")
        if value is None:
            registration.metadata.pop(key, None)
        elif key not in registration.metadata and len(registration.metadata) >= MAX_KEYS:
            raise Refused("too-many-keys", f"At most {MAX_KEYS} keys can be set.")
        else:
            registration.metadata[key] = value
        connection.lines([_value(connection, "*", key, value)])
        return
    target = connection.user if text == "*" else metadata.find(connection.chat, connection.session, text)
    metadata.put(connection.chat, connection.session, target, {key: value})
    connection.confirm(connection.answer([_value(connection, shown(target), key, value)]))


def _clear(connection: IRCProtocol, text: str, params: Sequence[str]) -> None:
    chat = connection.chat
    target = connection.user if text == "*" else metadata.find(chat, connection.session, text)
    keys = list(metadata.values(chat, target)) if metadata.may_set(chat, connection.user, target) else []
    metadata.put(chat, connection.session, target, dict.fromkeys(keys))
    lines = [_value(connection, shown(target), key, None) for key in keys]
    connection.confirm(connection.answer(batch(connection, "metadata", lines, shown(target))))


def _sub(connection: IRCProtocol, text: str, keys: Sequence[str]) -> None:
    done, subscriptions = [], connection.chat.subscriptions
    for key in keys:
        try:
            subscriptions.add(connection.session, key)
        except Refused as why:
            code = "TOO_MANY_SUBS" if why.code == "too-many-keys" else "KEY_INVALID"
            connection.fail("METADATA", code, key, text=why.sentence)
            if code == "TOO_MANY_SUBS":
                break
        else:
            done.append(key)
    _keys(connection, 770, done)
    if connection.registration is None:
        chat, session, user = connection.chat, connection.session, connection.user
        watched = [other for name in chat.watching.names(session) if (other := find(connection, name)) is not None]
        targets: list[Target] = [user, *user.rooms, *watched]
        later = [shown(each) for each in targets if metadata.subscribed(chat, session, each)]
        connection.lines([connection.numeric(774, name, "0") for name in later])


def _unsub(connection: IRCProtocol, text: str, keys: Sequence[str]) -> None:
    done = []
    for key in keys:
        try:
            connection.chat.subscriptions.remove(connection.session, key)
        except Refused as why:
            connection.fail("METADATA", "KEY_INVALID", key, text=why.sentence)
        else:
            done.append(key)
    _keys(connection, 771, done)


def _subs(connection: IRCProtocol, text: str, params: Sequence[str]) -> None:
    head = connection.numeric(772)
    keys = list(connection.chat.subscriptions.of(connection.session))
    lines = [f"{head} {line}" for line in fill(keys, MAX_LINE - 30 - len(head.encode()))]
    connection.lines(batch(connection, "metadata-subs", lines))


def _sync(connection: IRCProtocol, text: str, params: Sequence[str]) -> None:
    target = _find(connection, text)
    found = metadata.subscribed(connection.chat, connection.session, target)
    lines = [notification(connection, shown(whose), key, value) for whose, key, value in found]
    connection.lines(batch(connection, "metadata", lines, shown(target)))


def _keys(connection: IRCProtocol, number: int, keys: Sequence[str]) -> None:
    head = connection.numeric(number)
    connection.lines([f"{head} {line}" for line in fill(keys, MAX_LINE - 3 - len(head.encode()))])


_SUBCOMMANDS: dict[str, Callable[[IRCProtocol, str, Sequence[str]], None]] = {
    "CLEAR": _clear,
    "GET": _get,
    "LIST": _list,
    "SET": _set,
    "SUB": _sub,
    "SUBS": _subs,
    "SYNC": _sync,
    "UNSUB": _unsub,
}
_LEAST = {"GET": 1, "SET": 1, "SUB": 1, "UNSUB": 1}
_EARLY = ("SET", "SUB", "SUBS", "UNSUB")


# What is told without being asked


def notification(connection: IRCProtocol, target: str, key: str, value: str) -> str:
    """A value that a client has subscribed to."""
    if "draft/metadata-3" in connection.caps:
        return _value(connection, target, key, value)
    return f":{connection.server} METADATA {target} {key} * :{value}"


def arrival(connection: IRCProtocol, room: Room) -> list[str]:
    """What a client is told of a room and those in it, when it comes in."""
    if not has(connection):
        return []
    found = metadata.subscribed(connection.chat, connection.session, room)
    if len(found) > MAX_TOLD:
        return [connection.numeric(774, room.name, "5")]
    return [notification(connection, shown(whose), key, value) for whose, key, value in found]


def own(connection: IRCProtocol, user: User, early: Mapping[str, str]) -> list[str]:
    """What a client is told of itself, when it is in.

    @param early: what it has just set.
    """
    if not has(connection):
        return []
    set_ = {**metadata.values(connection.chat, user), **early}
    lines = [notification(connection, user.name.shown, key, value) for key, value in set_.items()]
    return batch(connection, "metadata", lines, user.name.shown)


def about(connection: IRCProtocol, user: User) -> list[str]:
    """What WHOIS tells of someone."""
    if not has(connection):
        return []
    set_ = metadata.shown_values(connection.chat, connection.user, user)
    return [connection.numeric(760, user.name.shown, key, "*", text=value) for key, value in set_.items()]
