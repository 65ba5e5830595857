"""The line protocol: what netcat, telnet, the original client and ours speak. docs/protocol.md has it whole."""

from __future__ import annotations

import re

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from ..chat import commands, presence, registration
from ..chat.acts import Close
from ..chat.chat import Chat
from ..chat.errors import Refused
from ..chat.names import parse_name
from ..chat.text import clean
from ..delivery.session import QUEUE_CAP, Session, Transport
from ..delivery.turn import Turn
from .formats import DIALECTS, PROMPT
from .telnet import TelnetFilter

# How long a client that never sent a newline may be silent before what it sent is taken as a line, in seconds.
PAUSE = 0.25
LINES_A_TURN = 100
# No more is begun after so many seconds; one command alone may take longer.
TIME_A_TURN = 0.005
MAX_DISCARDED = 1 << 20
# What begins a TLS connection or an HTTP request.
_FOREIGN = re.compile(rb"\x16\x03|[A-Z]+ \S+ HTTP/\d")


class ChatProtocol(LineReceiver):
    """One connection of the line protocol.

    C{LineReceiver}'s own C{dataReceived} is replaced: it takes 38 ms for 64 KiB of one-byte lines, and knows no client
    that sends no newlines. Its hooks are as everywhere: C{lineReceived}, C{lineLengthExceeded}.
    """

    delimiter = b"\n"
    MAX_LENGTH = 4096

    factory: ChatFactory
    transport: Transport  # type: ignore[assignment]  # an ITransport that is more
    session: Session

    # Kept on the class as long as they are what they are for nearly every connection.
    _rest = b""
    _lines: list[bytes] | None = None
    _discarded = 0
    _newlines = False
    _name: str | None = None
    _telnet: TelnetFilter | None = None
    _pause: IDelayedCall | None = None
    _closed: Deferred[None] | None = None

    def connectionMade(self) -> None:
        factory = self.factory
        factory.connections[self] = None
        transport = self.transport
        address = transport.getPeer()
        if isinstance(address, IPv4Address | IPv6Address):
            transport.setTcpNoDelay(True)
        self.session = Session(transport, DIALECTS, "text", _peer(address), factory.queue_cap, factory.later)
        self.session.send(PROMPT.encode())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_pause()
        self._lines = None
        self.factory.connections.pop(self, None)
        self.session.gone()
        presence.lost(self.factory.chat, self.session)
        if self._closed is not None:
            self._closed.callback(None)

    def closed(self) -> Deferred[None]:
        """Fires when the connection is lost. To be called once."""
        self._closed = Deferred()
        return self._closed

    # Bytes to lines

    def dataReceived(self, data: bytes) -> None:
        if self._telnet is not None or b"\xff" in data:
            self._telnet = self._telnet or TelnetFilter()
            data = self._telnet.feed(data)
        if self._pause is not None:
            self._stop_pause()
        if b"\n" in data:
            self._newlines = True
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            if self._discarded:
                self._discarded = 0
                del lines[0]
            if self._lines is None:
                self._take(lines)
            else:
                self._lines += lines
        elif self._discarded:
            self._discarded += len(data)
        else:
            self._rest += data
        if len(self._rest) > self.MAX_LENGTH + 1:
            self._discarded += len(self._rest)
            self.lineLengthExceeded(self._rest)
            self._rest = b""
        if self._discarded > MAX_DISCARDED:
            self.session.abort()
        elif not self._newlines and (self._rest or self._discarded):
            self._pause = self.factory.reactor.callLater(PAUSE, self._pause_over)
        self.factory.turn.slow_down(self.transport)

    def _take(self, lines: list[bytes]) -> None:
        """Process so many lines, and leave the others for the next turn of the reactor: nobody waits for them."""
        session, clock = self.session, self.factory.reactor
        begun = clock.seconds()
        for done, ended in enumerate(lines):
            if session.busy or done == LINES_A_TURN or (done and clock.seconds() - begun > TIME_A_TURN):
                self._wait(lines[done:])
                return
            line = ended.removesuffix(b"\r")
            if len(line) > self.MAX_LENGTH:
                self.lineLengthExceeded(line)
            else:
                self.lineReceived(line)
        if session.busy:
            self._wait([])

    def _wait(self, lines: list[bytes]) -> None:
        """Take these lines later: in the next turn, or when the session is no longer busy."""
        self._lines = lines
        self.transport.pauseProducing()
        if self.session.busy:
            self.session.on_ready = self._take_more
        else:
            self.factory.reactor.callLater(0, self._take_more)

    def _take_more(self) -> None:
        if self.session.busy:
            return
        lines, self._lines = self._lines, None
        if lines is not None:
            self._take(lines)
            if self._lines is None:
                self.transport.resumeProducing()

    def _pause_over(self) -> None:
        """A client that never sent a newline has stopped sending: that was a line."""
        self._pause = None
        line, self._rest = self._rest, b""
        self._discarded = 0
        if line and self._lines is not None:
            self._lines.append(line)
        elif line:
            self._take([line])

    def _stop_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    # Lines to the chat

    def lineReceived(self, line: bytes) -> None:
        session = self.session
        if session.user is None and _FOREIGN.match(line):
            # Any web page can have a browser send lines here: none of them must become a name, and the next a message.
            session.closing = True
            session.abort()
            return
        try:
            text = clean(line.decode())
        except UnicodeDecodeError:
            self._refuse(Refused("not-utf8", "That line is not UTF-8; it was not taken."))
            return
        if not text or text.isspace() or session.closing:
            return
        if session.user is not None:
            commands.run(self.factory.chat, session, text)
        else:
            self._login(text.strip())

    def lineLengthExceeded(self, line: bytes) -> None:
        self._refuse(Refused("too-long", f"A line has at most {self.MAX_LENGTH} bytes; that one was not taken."))

    def _login(self, text: str) -> None:
        """What answers the prompts: a name, then the password if there is one to it."""
        chat, session = self.factory.chat, self.session
        name, self._name = self._name, None
        try:
            if name is not None:
                registration.log_in(chat, session, name, text)
            elif text == "/quit":
                session.closing = True
                chat.do(session, Close(session))
            elif registration.asks_password(chat, parse_name(text)):
                self._name = text
                chat.answer(session, "", "password")
            else:
                presence.enter(chat, session, parse_name(text))
        except Refused as why:
            self._refuse(why)

    def _refuse(self, why: Refused) -> None:
        chat, session = self.factory.chat, self.session
        if session.user is not None:
            chat.refuse(session, why)
        else:
            sentence = "Registered username." if why.code == "name-in-use" else "!! " + why.sentence
            chat.answer(session, sentence, "login")


class ChatFactory(ServerFactory):
    """Makes a L{ChatProtocol} for each connection; what they share is here.

    @ivar chat: the users and rooms.
    @ivar connections: all that are open.
    """

    protocol = ChatProtocol  # type: ignore[assignment]
    noisy = False

    def __init__(self, chat: Chat, turn: Turn, reactor: IReactorTime, queue_cap: int = QUEUE_CAP) -> None:
        """
        @param queue_cap: how many bytes may wait for one connection before it is cut off.
        """
        self.chat = chat
        self.turn = turn
        self.reactor = reactor
        self.later = reactor.callLater
        self.queue_cap = queue_cap
        self.connections: dict[ChatProtocol, None] = {}


def _peer(address: object) -> str:
    if isinstance(address, IPv4Address | IPv6Address):
        return f"{address.host}:{address.port}"
    return "a local socket"
