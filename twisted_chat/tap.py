"""The place where the parts are put together: what C{twistd chat} asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from .auth.passwords import Passwords
from .chat.chat import Chat
from .chat.text import clean
from .delivery.fanout import Fanout
from .delivery.transport import EagerReactor
from .delivery.turn import Turn
from .housekeeping import Housekeeping, Keep
from .listeners import listener
from .options import DEFAULT_IRC, DEFAULT_LINE, Options, fail, yes_or_no
from .protocols.intake import IntakeFactory
from .protocols.irc.connection import IRCFactory
from .protocols.line import ChatFactory
from .reload import Reload
from .service import ChatService
from .store.memory import MemoryStore
from .store.sqlite import SQLiteStore

__all__ = ["Options", "makeService"]


def makeService(options: Options) -> ChatService:
    """Put the daemon together. Nothing is opened yet: twistd may fork and change users in between.

    @param options: parsed.
    """
    from twisted.internet import reactor  # noqa: PLC0415  # not before twistd has chosen one

    timed: Any = reactor
    memory = options["database"] == ":memory:"
    store = MemoryStore() if memory else SQLiteStore(options["database"], timed.callFromThread)
    fanout = Fanout(store)
    turn = Turn(store, fanout, timed.callLater)
    passwords = Passwords(timed, options.get("credCheckers") or ())
    try:
        guests, motd = yes_or_no("guests", options["guests"]), options.read_motd()
        keep = _keep(options["keep"])
    except ValueError as error:
        fail(str(error))
    chat = Chat(turn, timed.seconds, passwords, clean(options["name"]), motd, guests)
    housekeeping = Housekeeping(timed, chat, store, keep, fanout.reread)
    eager = EagerReactor(timed)
    listeners, certificates = [], []
    wanted: list[tuple[str, type[IntakeFactory]]] = [(each, ChatFactory) for each in options["line"]]
    wanted += [(each, IRCFactory) for each in options["irc"]]
    for description, factory in wanted or [(DEFAULT_LINE, ChatFactory), (DEFAULT_IRC, IRCFactory)]:
        try:
            endpoint, renewable = listener(eager, description)
        except ValueError as error:
            fail(str(error))
        certificates += [renewable] if renewable is not None else []
        listeners.append((description, endpoint, factory(chat, turn, timed, options["send-queue"])))
    data = "none: nothing is kept" if memory else os.path.abspath(options["database"])
    settings = _settings(chat, housekeeping, [factory for _, _, factory in listeners])
    reload = Reload(timed, options, chat, certificates, settings)
    chat.rehash = reload.reload
    return ChatService(timed, store, chat, turn, passwords, housekeeping, listeners, data, reload, options.json_log)


def _settings(
    chat: Chat, housekeeping: Housekeeping, factories: Sequence[IntakeFactory]
) -> dict[str, Callable[[Any], None]]:
    """What makes a new value of an option hold while the daemon runs, for those for which that is possible."""

    def guests(value: str) -> None:
        chat.guests = yes_or_no("guests", value)

    def keep(value: str | None) -> None:
        housekeeping.keep = _keep(value)

    def name(value: str) -> None:
        chat.server = clean(value)

    def send_queue(value: int) -> None:
        for factory in factories:
            factory.queue_cap = value

    return {"guests": guests, "keep": keep, "name": name, "send-queue": send_queue, "motd": lambda value: None}


def _keep(value: str | None) -> Keep | None:
    try:
        return Keep(value) if value is not None else None
    except ValueError as error:
        raise ValueError(f"--keep: {error}") from error
