"""The place where the parts are put together: what C{twistd chat} asks for."""

from __future__ import annotations

import os
from typing import Any

from .auth.passwords import Passwords
from .chat.chat import Chat
from .chat.text import clean
from .delivery.fanout import Fanout
from .delivery.transport import EagerReactor
from .delivery.turn import Turn
from .housekeeping import Housekeeping, Keep
from .listeners import listener
from .options import DEFAULT_IRC, DEFAULT_LINE, Options, fail, read_motd, yes_or_no
from .protocols.intake import IntakeFactory
from .protocols.irc.connection import IRCFactory
from .protocols.line import ChatFactory
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
    guests = yes_or_no("guests", options["guests"])
    chat = Chat(turn, timed.seconds, passwords, clean(options["name"]), read_motd(options["motd"]), guests)
    try:
        keep = Keep(options["keep"]) if options["keep"] is not None else None
    except ValueError as error:
        fail(f"--keep: {error}")
    housekeeping = Housekeeping(timed, chat, store, keep, fanout.reread)
    eager = EagerReactor(timed)
    listeners = []
    wanted: list[tuple[str, type[IntakeFactory]]] = [(each, ChatFactory) for each in options["line"]]
    wanted += [(each, IRCFactory) for each in options["irc"]]
    for description, factory in wanted or [(DEFAULT_LINE, ChatFactory), (DEFAULT_IRC, IRCFactory)]:
        try:
            endpoint, _ = listener(eager, description)
        except ValueError as error:
            fail(str(error))
        listeners.append((description, endpoint, factory(chat, turn, timed, options["send-queue"])))
    data = "none: nothing is kept" if memory else os.path.abspath(options["database"])
    return ChatService(timed, store, chat, turn, passwords, housekeeping, listeners, data)
