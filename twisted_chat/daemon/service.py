"""The daemon as a service: from opening what it listens on and its store, to closing them in order."""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import ILogObserver, Logger
from twisted.python.components import Componentized
from twisted.python.failure import Failure

from .. import __version__
from ..auth.passwords import Passwords
from ..chat.chat import Chat
from ..delivery.turn import Turn
from ..housekeeping import Housekeeping
from ..protocols.gate import Gate
from ..protocols.intake import IntakeFactory
from ..store.interface import Store, StoreError
from .options import fail
from .reload import Reload
from .systemd import notify, reloading
from .watchdog import Watchdog

if TYPE_CHECKING:
    from .logs import JSONLog

# How long stopping waits for the disk, and for clients to take their last line, in seconds.
STOP_TIMEOUT = 5.0
# So many objects more than before, and the garbage collector looks at the new ones.
COLLECT_AFTER = 10_000


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
        gate: Gate,
        listeners: Sequence[tuple[str, IStreamServerEndpoint, IntakeFactory]],
        data: str,
        reload: Reload,
        watchdog: Watchdog,
        json_log: JSONLog | None,
        others: Sequence[tuple[str, IStreamServerEndpoint, IProtocolFactory]] = (),
    ) -> None:
        """
        @param listeners: for each listener its description, for messages; the endpoint; and the factory.
        @param data: where the data is, for the log.
        @param reload: what SIGHUP asks for.
        @param others: listeners that are no way into the chat.
        @param json_log: how to log, if not in twistd's own form.
        """
        self._reactor = reactor
        self._store = store
        self._chat = chat
        self._turn = turn
        self._passwords = passwords
        self._housekeeping = housekeeping
        self._gate = gate
        self._listeners = listeners
        self._data = data
        self._reload = reload
        self._watchdog = watchdog
        self._json_log = json_log
        self._others = others
        self._other_ports: list[IListeningPort] = []
        self._ports: list[IListeningPort] | None = None
        self._encrypted: set[IListeningPort] = set()
        self._factories: dict[IListeningPort, IntakeFactory] = {}

    def setServiceParent(self, parent: Any) -> None:
        """Called by twistd with the application, before it begins to log."""
        if self._json_log is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._json_log.begin())
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]

    def privilegedStartService(self) -> None:
        """Listen: before privileges are shed, and before the reactor runs, so that nobody comes in too early."""
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        ports = self._ports = []
        failures: list[str] = []

        def listening(port: IListeningPort, description: str, factory: IntakeFactory) -> None:
            ports.append(port)
            self._factories[port] = factory
            if description.startswith("tls:"):
                self._encrypted.add(port)

        def failed(failure: Failure, description: str) -> None:
            failures.append(f"cannot listen on {description}: {_reason(failure.value)}")

        for description, endpoint, factory in self._listeners:
            endpoint.listen(factory).addCallbacks(listening, failed, (description, factory), {}, (description,))
        for description, endpoint, other in self._others:
            endpoint.listen(other).addCallbacks(self._other_ports.append, failed, errbackArgs=(description,))
        if failures:
            fail(failures[0])

    def startService(self) -> None:
        if self._ports is None:
            self.privilegedStartService()
        super().startService()  # type: ignore[no-untyped-call]
        # Not before the reactor has put its own handlers in place, which it does when it starts.
        self._reactor.callWhenRunning(signal.signal, signal.SIGTERM, self._terminated)
        self._on_signal(signal.SIGHUP, self._reread)
        if self._json_log is not None:
            # As twistd, when the log is its own.
            self._on_signal(signal.SIGUSR1, self._json_log.rotate)
        self._gate.descriptors = _raise_descriptor_limit()
        _spare_the_collector()
        try:
            self._store.open()
            self._chat.restore(self._store.topics(), self._store.records())
            self._chat.begin()
        except StoreError as error:
            fail(f"cannot use the database: {error}")
        self._passwords.start()
        self._housekeeping.start()
        self._gate.start()
        self._reload.start()
        self._watchdog.start()
        self.log.info("twisted-chat {version} is up", version=__version__)
        self.log.info("data: {data}", data=self._data)
        for port in self._ports or []:
            where, how = _describe(port.getHost(), port in self._encrypted, self._factories[port])
            self.log.info("listening on {where}; join with: {how}", where=where, how=how)

        for port in self._other_ports:
            self.log.info("metrics at {where}", where=_describe(port.getHost())[0])
        self._reactor.callWhenRunning(notify, "READY=1")

    def _on_signal(self, number: int, function: Callable[[], object]) -> None:
        signal.signal(number, lambda *_: self._reactor.callFromThread(function))

    def _reread(self) -> None:
        reloading()
        try:
            self._reload.reload()
        except Exception:
            self.log.failure("reloading failed: a defect, please report it")
        notify("READY=1")

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
        notify("STOPPING=1")
        self._housekeeping.stop()
        self._gate.stop()
        self._reload.stop()
        self._watchdog.stop()
        await DeferredList([_later(port.stopListening()) for port in [*(self._ports or []), *self._other_ports]])
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


def _reason(error: BaseException | None) -> object:
    """What is wrong, without the address and the number, where possible."""
    why = getattr(error, "socketError", error)
    return getattr(why, "strerror", None) or why


def _later(result: Any) -> Deferred[Any]:
    """What C{stopListening} returns may be a Deferred, or not."""
    done: Deferred[Any] = Deferred()
    done.callback(None)
    return done.addCallback(lambda _: result)


def _spare_the_collector() -> None:
    """What was imported lives as long as the process: the garbage collector need not walk through it, tens of
    milliseconds each time; and it need not start for every few messages, which leave no cycles behind."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)


def _raise_descriptor_limit() -> int:
    """A connection is a file descriptor: allow as many as we may. @return: how many that is; 0 for any number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 0 if hard == resource.RLIM_INFINITY else hard


def _describe(address: Any, encrypted: bool = False, factory: IntakeFactory | None = None) -> tuple[str, str]:
    """An address for the log, and how to join there, to be copied."""
    irc = factory is not None and factory.name == "irc"
    if isinstance(address, UNIXAddress):
        path = os.fsdecode(address.name or b"")
        return path, "an IRC client" if irc else f"nc -U {path}"
    host = address.host
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    port = address.port
    if irc:
        flag = " --tls" if encrypted else ""
        return f"{shown}:{port}", f"any IRC client, such as: irssi{flag} -c {host} -p {port}"
    if encrypted:
        return (
            f"{shown}:{port}",
            f"openssl s_client -quiet -connect {shown}:{port}   or: twisted-chat --tls {shown}:{port}",
        )
    return f"{shown}:{port}", f"nc {host} {port}   or: twisted-chat {shown}:{port}"
