"""The options of C{twistd chat}, and the place where the parts are put together."""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

from twisted.application.service import Service
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.usage import Options as UsageOptions
from twisted.python.usage import UsageError

from .auth.passwords import Passwords
from .chat.chat import Chat
from .chat.text import clean
from .delivery.fanout import Fanout
from .delivery.transport import EagerReactor
from .delivery.turn import Turn
from .housekeeping import Housekeeping, Keep
from .protocols.line import ChatFactory
from .store.interface import Store, StoreError
from .store.memory import MemoryStore
from .store.sqlite import SQLiteStore

DEFAULT_LINE = "tcp:9009:interface=127.0.0.1"
DEFAULT_DATABASE = "chat.sqlite"
# How long stopping waits for the disk, and for clients to take their last line, in seconds.
STOP_TIMEOUT = 5.0
# So many objects more than before, and the garbage collector looks at the new ones.
COLLECT_AFTER = 10_000


class Options(UsageOptions, AuthOptionMixin):
    """What can be said on the command line."""

    supportedInterfaces = (IUsernamePassword,)
    longdesc = "A chat daemon: rooms for everyone with netcat, telnet or twisted-chat, every message on disk."
    optParameters = [  # noqa: RUF012
        ["database", "d", DEFAULT_DATABASE, "The database file; ':memory:' keeps nothing."],
        ["motd", "m", None, "A file with the message of the day."],
        ["name", None, "chat", "What the server calls itself."],
        ["keep", None, None, "How much is kept: a time such as 90d, or a number of events. [default: everything]"],
        ["guests", None, "yes", "Whether people without an account may come in: yes or no."],
        [
            "send-queue",
            None,
            1 << 20,
            "How many bytes may wait for a client that does not read, before it is cut off.",
            int,
        ],
    ]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self["line"] = []

    def opt_line(self, endpoint: str) -> None:
        """Where to listen for the line protocol, a Twisted endpoint such as tcp:9009 or unix:/run/chat; may be given
        several times. [default: tcp:9009:interface=127.0.0.1]"""
        self["line"].append(endpoint)

    opt_l = opt_line

    def opt_auth(self, description: str) -> None:
        """Another place that knows passwords, such as file:/etc/chat.passwd; may be given several times; see
        --help-auth."""
        kind, _, where = description.partition(":")
        if kind == "file" and not os.access(where, os.R_OK):
            fail(f"--auth {kind}: {where or 'no file'} cannot be read")
        try:
            super().opt_auth(description)  # type: ignore[no-untyped-call]
        except (UsageError, ValueError) as error:
            # Without the description: it may have passwords.
            fail(f"--auth {kind}: {error}")
        for checker in self["credCheckers"]:
            if isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
                # Its factory fills it with texts; it compares them with bytes.
                checker.users = {_bytes(name): _bytes(password) for name, password in checker.users.items()}


class ChatService(Service):
    """The daemon: its listeners and its store, from start to stop."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        store: Store,
        chat: Chat,
        turn: Turn,
        passwords: Passwords,
        housekeeping: Housekeeping,
        listeners: Sequence[tuple[str, IStreamServerEndpoint, ChatFactory]],
        data: str,
    ) -> None:
        """
        @param listeners: for each listener its description, for messages; the endpoint; and the factory.
        @param data: where the data is, for the log.
        """
        self._reactor = reactor
        self._store = store
        self._chat = chat
        self._turn = turn
        self._passwords = passwords
        self._housekeeping = housekeeping
        self._listeners = listeners
        self._data = data
        self._ports: list[IListeningPort] | None = None

    def privilegedStartService(self) -> None:
        """Listen: before privileges are shed, and before the reactor runs, so that nobody comes in too early."""
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        self._ports = []
        failures: list[str] = []

        def failed(failure: Failure, description: str) -> None:
            failures.append(f"cannot listen on {description}: {_reason(failure.value)}")

        for description, endpoint, factory in self._listeners:
            endpoint.listen(factory).addCallbacks(self._ports.append, failed, errbackArgs=(description,))
        if failures:
            fail(failures[0])

    def startService(self) -> None:
        if self._ports is None:
            self.privilegedStartService()
        super().startService()  # type: ignore[no-untyped-call]
        # Not before the reactor has put its own handlers in place, which it does when it starts.
        self._reactor.callWhenRunning(signal.signal, signal.SIGTERM, self._terminated)
        _raise_descriptor_limit()
        _spare_the_collector()
        try:
            self._store.open()
            self._chat.restore(self._store.topics(), self._store.records())
        except StoreError as error:
            fail(f"cannot use the database: {error}")
        self._passwords.start()
        self._housekeeping.start()
        self.log.info("twisted-chat {version} is up", version=_version())
        self.log.info("data: {data}", data=self._data)
        for port in self._ports or []:
            where, how = _describe(port.getHost())
            self.log.info("listening on {where}; join with: {how}", where=where, how=how)

    def stopService(self) -> Deferred[None]:
        super().stopService()  # type: ignore[no-untyped-call]
        return ensureDeferred(self._stop())

    def _terminated(self, number: int, frame: object) -> None:
        """SIGTERM. The reactor's own handler would make twistd end by the signal, and not with status 0, once all is
        done."""
        self._reactor.callFromThread(self._stop_reactor)

    def _stop_reactor(self) -> None:
        if self.running:
            self._reactor.stop()

    async def _stop(self) -> None:
        """Everything accepted is committed and sent, everyone gets a last line, then the store is closed."""
        self._housekeeping.stop()
        await DeferredList([_later(port.stopListening()) for port in self._ports or []])
        await self._in_time(self._turn.finished())
        connections = [c for _, _, factory in self._listeners for c in factory.connections]
        gone = DeferredList([connection.closed() for connection in connections])
        for connection in connections:
            self._chat.hang_up(connection.session, "The server is going down. Goodbye.")
        await self._in_time(gone)
        for connection in connections:
            connection.session.abort()
        await self._in_time(gone)
        await self._in_time(self._turn.finished())
        self._passwords.stop()
        await self._store.close()

    async def _in_time(self, waited: Deferred[Any]) -> None:
        """Wait, but not longer than the timeout. What is waited for goes on, and can be waited for again."""
        over: Deferred[None] = Deferred()

        def enough() -> None:
            self.log.warn("stopping: has waited {seconds} s, and goes on", seconds=STOP_TIMEOUT)
            over.callback(None)

        timer = self._reactor.callLater(STOP_TIMEOUT, enough)

        def done(result: Any) -> Any:
            if timer.active():
                timer.cancel()
                over.callback(None)
            return result

        waited.addBoth(done)
        await over


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
    guests = _yes_or_no("guests", options["guests"])
    chat = Chat(turn, timed.seconds, passwords, clean(options["name"]), _read_motd(options["motd"]), guests)
    try:
        keep = Keep(options["keep"]) if options["keep"] is not None else None
    except ValueError as error:
        fail(f"--keep: {error}")
    housekeeping = Housekeeping(timed, chat, store, keep, fanout.reread)
    eager = EagerReactor(timed)
    listeners = []
    for description in options["line"] or [DEFAULT_LINE]:
        try:
            endpoint = serverFromString(eager, description)
        except Exception as error:
            fail(f"not an endpoint: {description}: {error}")
        listeners.append((description, endpoint, ChatFactory(chat, turn, timed, options["send-queue"])))
    data = "none: nothing is kept" if memory else os.path.abspath(options["database"])
    return ChatService(timed, store, chat, turn, passwords, housekeeping, listeners, data)


class StartError(SystemExit, Exception):
    """Why the daemon cannot start, in one line.

    As a C{SystemExit} it ends the program with status 1 and without a traceback. As an C{Exception} it makes twistd
    remove its pid file, and report to the one who has started it in the background.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.code = f"twisted-chat: {why}"


def fail(why: str) -> NoReturn:
    """End the program with one line on standard error, and status 1."""
    error = StartError(why)
    if sys.__stderr__ is not None and sys.stderr is not sys.__stderr__:
        # twistd has turned standard error into the log by now, which has the line too.
        print(error.code, file=sys.__stderr__)
    raise error


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _yes_or_no(option: str, value: str) -> bool:
    if value not in ("yes", "no"):
        fail(f"--{option} is yes or no, not {value}")
    return value == "yes"


def _reason(error: BaseException | None) -> object:
    """What is wrong, without the address and the number, where possible."""
    why = getattr(error, "socketError", error)
    return getattr(why, "strerror", None) or why


def _later(result: Any) -> Deferred[Any]:
    """What C{stopListening} returns may be a Deferred, or not."""
    done: Deferred[Any] = Deferred()
    done.callback(None)
    return done.addCallback(lambda _: result)


def _read_motd(path: str | None) -> str:
    if path is None:
        return ""
    try:
        with open(path, encoding="utf-8") as file:
            return "\n".join(clean(line) for line in file.read().rstrip().splitlines())
    except (OSError, UnicodeDecodeError) as error:
        fail(f"cannot read the message of the day: {path}: {getattr(error, 'strerror', error)}")


def _spare_the_collector() -> None:
    """What was imported lives as long as the process: the garbage collector need not walk through it, tens of
    milliseconds each time; and it need not start for every few messages, which leave no cycles behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)


def _raise_descriptor_limit() -> None:
    """A connection is a file descriptor: allow as many as we may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _describe(address: Any) -> tuple[str, str]:
    """An address for the log, and how to join there, to be copied."""
    if isinstance(address, UNIXAddress):
        path = os.fsdecode(address.name or b"")
        return path, f"nc -U {path}"
    host = address.host
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    port = address.port
    return f"{shown}:{port}", f"nc {host} {port}   or: twisted-chat {shown}:{port}"


def _version() -> str:
    try:
        return version("twisted-chat")
    except PackageNotFoundError:
        return "(not installed)"
