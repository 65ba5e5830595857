"""The line protocol: what netcat, telnet, the original client and ours speak. docs/protocol.md has it whole."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from ..chat import certificates, commands, presence, registration
from ..chat.acts import Close
from ..chat.errors import Refused
from ..chat.names import parse_name
from ..chat.text import clean
from .formats import DIALECTS, PROMPT
from .intake import BoundedLines, IntakeFactory
from .telnet import TelnetFilter

# How long a client that never sent a newline may be silent before what it sent is taken as a line, in seconds.
PAUSE = 0.25


class ChatProtocol(BoundedLines):
    """One connection of the line protocol. It may be a telnet client's, or one that sends no newlines."""

    dialects = DIALECTS
    dialect = "text"

    # Kept on the class as long as they are what they are for nearly every connection.
    _newlines = False
    _name: str | None = None
    _telnet: TelnetFilter | None = None
    _pause: IDelayedCall | None = None

    @staticmethod
    def refusal(why: str) -> bytes:
        return f"!! {why}\n".encode()

    def greet(self) -> None:
        self.session.send(PROMPT.encode())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_pause()
        super().connectionLost(reason)

    # Bytes to lines

    def dataReceived(self, data: bytes) -> None:
        if b"\xff" in data or self._telnet is not None:
            self._telnet = self._telnet or TelnetFilter()
            data = self._telnet.feed(data)
            if replies := self._telnet.take_replies():
                self.session.send(replies)
        if not self._newlines:
            self._newlines = b"\n" in data
            self._stop_pause()
        BoundedLines.dataReceived(self, data)
        if not self._newlines and self.unended and self.session.alive:
            self._pause = self.factory.reactor.callLater(PAUSE, self._pause_over)

    def _pause_over(self) -> None:
        """A client that never sent a newline has stopped sending: that was a line."""
        self._pause = None
        self.end_line()

    def _stop_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    # Lines to the chat

    def lineReceived(self, line: bytes) -> None:
        session = self.session
        try:
            text = clean(line.decode())
        except UnicodeDecodeError:
            self._refuse(Refused("not-utf8", "That line is not UTF-8; it was not taken."))
            return
        if not text or text.isspace():
            return
        if session.user is not None:
            if text.startswith("/"):
                self.charge(commands.cost(text) - 1)
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
            elif text.startswith("/"):
                raise Refused("not-logged-in", "First type the name that you want; commands come after that.")
            elif session.certificate and certificates.opens(chat, session, parse_name(text)):
                registration.log_in_by_certificate(chat, session, session.certificate, text)
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


class ChatFactory(IntakeFactory):
    """Makes a L{ChatProtocol} for each connection."""

    name = "line"
    protocol = ChatProtocol
