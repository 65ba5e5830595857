"""Saying one thing and leaving: for scripts. Success means that the message came back from the server."""

from __future__ import annotations

import getpass
import re
from collections import deque
from collections.abc import Callable

from twisted_chat.client.config import Options
from twisted_chat.client.conversation import LOGIN_PROMPT, PASSWORD_PROMPT, Clock, Conversation, Timer
from twisted_chat.client.events import Event, parse_json, parse_text
from twisted_chat.client.link import Link
from twisted_chat.client.pipe import LOST, REFUSED, SUCCESS
from twisted_chat.client.text import clean

#: Names tried when none was given and the first is in use.
NAMES = 9


class Send:
    """
    The client that sends a text and leaves.

    @ivar status: the exit status; final once C{done} was called.
    @ivar complaint: what to say on standard error at the end, or empty.
    """

    def __init__(self, clock: Clock, options: Options, done: Callable[[], object]) -> None:
        """
        @param options: C{send} is not None.
        @param done: is called once, when it is over.
        """
        self.status = SUCCESS
        self.complaint = ""
        self.link: Link | None = None
        self._options = options
        self._done: Callable[[], object] | None = done
        self._talk = Conversation(clock, self._to_server, self)
        self._texts = deque(clean(line) for line in (options.send or "").splitlines() if line.strip())
        base = default_name()
        self._names = deque([options.nick] if options.nick else [base, *(f"{base}-{n}" for n in range(2, NAMES + 1))])
        self._password = options.password
        self._connected = False
        self._json = False
        self._why = ""
        self._tried = False
        self._deadline: Timer = clock.callLater(options.timeout * 2, self._late)

    def start(self) -> None:
        """Connect, unless there is nothing to say."""
        if not self._texts:
            self._over(REFUSED, "there is nothing to send: the text is empty")
        elif self.link is not None:
            self.link.connect()

    def interrupt(self, status: int) -> None:
        """
        Leave at once.

        @param status: the exit status.
        """
        self._over(status, "")

    # The connection

    def link_up(self) -> None:
        """There is a connection."""
        self._connected = True

    def link_data(self, data: bytes) -> None:
        """Bytes came from the server."""
        self._talk.data_received(data)

    def link_down(self, why: str) -> None:
        """There is no connection, or no longer."""
        if self._talk.leaving:
            self._over(self.status, self.complaint)
        elif self._connected:
            why = why or "the server closed the connection"
            self._over(LOST, f"lost the connection to {self._options.server}: {why}")
        else:
            self._over(LOST, f"cannot connect to {self._options.server}: {why}")

    # The conversation

    def asked(self, prompt: str) -> None:
        """The server asks something."""
        if prompt == LOGIN_PROMPT and self._names:
            self._talk.answer(self._names.popleft())
        elif prompt == PASSWORD_PROMPT and self._password:
            password, self._password = self._password, None
            self._tried = True
            self._talk.answer(password)
        elif prompt == PASSWORD_PROMPT:
            what = "a password" if self._options.password is None else "another password"
            name = self._talk.name
            self._over(REFUSED, f"{self._options.server} wants {what} for {name!r} (--password-file)")
        else:
            what = "password for" if self._tried else "name"
            why = f": {self._why}" if self._why else ""
            self._over(REFUSED, f"{self._options.server} refused the {what} {self._talk.name!r}{why}")

    def logged_in(self) -> None:
        """The login is done."""
        if self._talk.modern:
            self._talk.say("/format json")
            self._talk.say(f"/join {self._options.room or '#lobby'}")
        elif self._options.room:
            self._refused("this server has no rooms")
        else:
            self._say_next()

    def received(self, line: str) -> None:
        """The server says something."""
        self._json = self._json or (self._talk.modern is True and line.startswith("{"))
        event = parse_json(line) if self._json else parse_text(line)
        if event is None or self._talk.leaving:
            return
        if self._talk.modern is None and (event.type == "error" or line == "Registered username."):
            self._why = event.text if event.type == "error" else "it is in use"
        if event.type == "error" and (self._json or self._talk.modern is False):
            self._refused(event.text)
        elif event.type == "room" and self._json:
            self._say_next()
        elif self._texts and self._is_ours(event):
            self._texts.popleft()
            self._say_next()

    def _is_ours(self, event: Event) -> bool:
        same = " ".join(event.text.split()) == " ".join(self._texts[0].split())
        return event.type == "message" and not event.replay and event.sender == self._talk.name and same

    def _say_next(self) -> None:
        if not self._texts:
            self._talk.say("/quit")
            return
        text = self._texts[0]
        # A text for people, also when it begins like a command.
        self._talk.say(f"/{text}" if text.startswith("/") and self._talk.modern else text)

    def _refused(self, why: str) -> None:
        self.status, self.complaint = REFUSED, f"not sent: {' '.join(why.split())}"
        self._talk.say("/quit")

    def _late(self) -> None:
        if self._talk.leaving:
            self._over(self.status, self.complaint)
        else:
            self._over(LOST, f"no answer from {self._options.server} in time")

    def _to_server(self, data: bytes) -> None:
        if self.link is not None:
            self.link.write(data)

    def _over(self, status: int, complaint: str) -> None:
        if self._done is None:
            return
        done, self._done = self._done, None
        self.status, self.complaint = status, complaint
        if self._deadline.active():
            self._deadline.cancel()
        self._talk.ended()
        if self.link is not None:
            self.link.abort()
        done()


def default_name() -> str:
    """
    @return: a name from the one of the account under which the program runs.
    """
    try:
        account = getpass.getuser()
    except (KeyError, OSError, ImportError):
        account = ""
    return re.sub(r"[^\w.-]", "-", account)[:28].strip("-._") or "guest"
