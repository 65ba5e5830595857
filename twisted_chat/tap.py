"""The place where the parts are put together: what C{twistd chat} asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IProtocolFactory, IStreamServerEndpoint

from . import __version__
from .auth.passwords import Passwords
from .chat.chat import Chat
from .chat.text import clean
from .daemon.clock import steady
from .daemon.listeners import listener
from .daemon.options import DEFAULT_IRC, DEFAULT_LINE, Options, fail, yes_or_no
from .daemon.reload import Reload
from .daemon.service import ChatService
from .daemon.watchdog import Watchdog
from .delivery.fanout import Fanout
from .delivery.transport import EagerReactor
from .delivery.turn import GATHER, Turn
from .housekeeping import Housekeeping, Keep
from .protocols.gate import Gate
from .protocols.intake import IntakeFactory
from .protocols.limits import LIMITS, Limits
from .protocols.line import ChatFactory
from .protocols.proxy import ProxyFactory
from .store.memory import MemoryStore
from .store.sqlite import SQLiteStore

if TYPE_CHECKING:
    from .daemon.tls import Certificates

__all__ = ["Options", "makeService"]


def makeService(options: Options) -> ChatService:
    """Put the daemon together. Nothing is opened yet: twistd may fork and change users in between.

    @param options: parsed.
    """
    from twisted.internet import reactor  # noqa: PLC0415  # not before twistd has chosen one

    timed: Any = reactor
    now = steady(timed)
    memory = options["database"] == ":memory:"
    store = (
        MemoryStore() if memory else SQLiteStore(options["database"], timed.callFromThread, options["sync"] == "commit")
    )
    fanout = Fanout(store)
    turn = Turn(store, fanout, timed.callLater, gather=GATHER)
    passwords = Passwords(timed, options.get("credCheckers") or ())
    try:
        guests, registration = (yes_or_no(name, options[name]) for name in ("guests", "registration"))
        motd = options.read_motd()
        keep, limits = _keep(options["keep"]), Limits.of(options)
    except ValueError as error:
        fail(str(error))
    chat = Chat(turn, now, passwords, clean(options["name"]), motd, guests, limits.rooms)
    gate = Gate(timed, limits)
    chat.shortest_password = options["shortest-password"]
    chat.registration = registration
    housekeeping = Housekeeping(timed, chat, store, keep, fanout.reread)
    eager = EagerReactor(timed, lambda factory: ProxyFactory(factory, gate))
    certificates: list[Certificates] = []
    listeners = []
    for description, factory in _wanted(options):
        endpoint = _listener(eager, description, certificates)
        listeners.append((description, endpoint, factory(chat, turn, timed, gate)))
    data = "none: nothing is kept" if memory else os.path.abspath(options["database"])
    settings = _settings(options, chat, housekeeping, gate, [factory for _, _, factory in listeners])
    reload = Reload(timed, options, chat, certificates, settings)
    chat.rehash = reload.reload
    watchdog = Watchdog(timed)
    others: list[tuple[str, IStreamServerEndpoint, IProtocolFactory]] = []
    if options["metrics"] is not None:
        try:
            from .daemon.metrics import ChatCollector, make_site  # noqa: PLC0415  # for those only who want numbers
        except ImportError as error:
            fail(f"--metrics: {error}: pip install '.[metrics]' installs it")
        factories: dict[str, list[IntakeFactory]] = {"line": [], "irc": []}
        for _, _, each in listeners:
            factories[each.name].append(each)
        collector = ChatCollector(
            __version__, chat, turn, fanout, passwords, watchdog, factories, gate.counters, certificates
        )
        others.append(
            (options["metrics"], _listener(timed, options["metrics"], certificates), make_site(collector, turn))
        )
    return ChatService(
        timed,
        store,
        chat,
        turn,
        passwords,
        housekeeping,
        gate,
        listeners,
        data,
        reload,
        watchdog,
        options.json_log,
        others,
    )


def _wanted(options: Options) -> list[tuple[str, type[IntakeFactory]]]:
    """Where to listen, and for what."""
    line, irc = options["line"], options["irc"]
    if not line and not irc:
        line, irc = [DEFAULT_LINE], [DEFAULT_IRC]
    wanted: list[tuple[str, type[IntakeFactory]]] = [(each, ChatFactory) for each in line]
    if irc:
        from .protocols.irc.connection import IRCFactory  # noqa: PLC0415  # a fifth of the start, for those who want it

        wanted += [(each, IRCFactory) for each in irc]
    return wanted


def _listener(reactor: Any, description: str, certificates: list[Certificates]) -> IStreamServerEndpoint:
    """What to listen on. Certificates that can be renewed are added to the list."""
    try:
        endpoint, renewable = listener(reactor, description)
    except ValueError as error:
        fail(str(error))
    certificates += [renewable] if renewable is not None else []
    return endpoint


def _settings(
    options: Options, chat: Chat, housekeeping: Housekeeping, gate: Gate, factories: Sequence[IntakeFactory]
) -> dict[str, Callable[[Any], None]]:
    """What makes a new value of an option hold while the daemon runs, for those for which that is possible."""

    def offer() -> None:
        for factory in factories:
            factory.offer()

    def guests(value: str) -> None:
        chat.guests = yes_or_no("guests", value)
        offer()

    def registration(value: str) -> None:
        chat.registration = yes_or_no("registration", value)
        offer()

    def keep(value: str | None) -> None:
        housekeeping.keep = _keep(value)

    def name(value: str) -> None:
        chat.server = clean(value)

    def limit(option: str) -> Callable[[Any], None]:
        def change(value: Any) -> None:
            gate.limits = Limits.of({**options, option: value})
            chat.max_rooms = gate.limits.rooms

        return change

    def shortest_password(value: int) -> None:
        chat.shortest_password = value

    settings: dict[str, Callable[[Any], None]] = {
        "guests": guests,
        "keep": keep,
        "name": name,
        "registration": registration,
        "shortest-password": shortest_password,
    }
    limits = {option: limit(option) for option in LIMITS}
    return {**settings, "motd": lambda value: None, **limits}


def _keep(value: str | None) -> Keep | None:
    try:
        return Keep(value) if value is not None else None
    except ValueError as error:
        raise ValueError(f"--keep: {error}") from error
