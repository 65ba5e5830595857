"""
Being in the chat for long: logging in, switching the daemon to JSON, staying connected, catching up.

Joins L{Link} (one connection), L{Conversation} (the login and the kinds of server), L{Catchup} (each event
once) and L{Rooms} (who is where), and tells a L{View} what there is to show.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Protocol

from twisted_chat.client.catchup import Catchup
from twisted_chat.client.completion import fold
from twisted_chat.client.config import Options
from twisted_chat.client.conversation import LOGIN_PROMPT, PASSWORD_PROMPT, Clock, Conversation, Timer
from twisted_chat.client.events import DIRECT, ROOM_TYPES, SPOKEN, Event, parse_json, parse_text
from twisted_chat.client.highlight import mentions
from twisted_chat.client.history import is_secret
from twisted_chat.client.keepalive import KeepAlive
from twisted_chat.client.outbox import Outbox
from twisted_chat.client.rooms import Rooms

#: Seconds between looks after the connection.
SWEEP = 5.0

#: Seconds before the first new attempt to connect, and at most between attempts; both are varied by half.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

#: Seconds for the server to ask for the login after a connection was made again.
LOGIN_WAIT = 60.0

#: How often a name that is still in use is tried again after a lost connection, before the person is asked.
NAME_TRIES = 8

#: Seconds between lines that were pasted, which keeps them below what a daemon takes for a flood.
PASTE_INTERVAL = 0.5

#: Seconds for the server to close the connection after C{/quit}.
CLOSE_WAIT = 5.0

#: Lines of the past fetched on entering, and what stands for all lines when catching up.
FIRST_LINES = 50
ALL = 1_000_000

#: Seconds for the server to switch to JSON.
SWITCH_WAIT = 5.0

#: Lines held back while the server switches to JSON.
MAX_HELD_LINES = 1000


_RETURNED = "returned-to-rooms"

#: What makes its last word the password to come back with, when the daemon answers that it is done: by an event of its
#: own, or with this.
PASSWORD_COMMANDS = ("/register", "/login", "/password")
PASSWORD_CHANGED = "Your password is changed."

#: What the daemon says to whoever is in a room no more.
_OUT = re.compile(r"You (?:left|were kicked from) (#\S+?)(?:\.|: .*)")


class View(Protocol):
    """What shows a session to a person."""

    def show(self, event: Event, asked: bool = False) -> None:
        """Something was said, or happened; or is told again because the person asked."""

    def ask(self, prompt: str, hidden: bool) -> None:
        """The server asks; L{Session.answer} takes what the person says."""

    def unask(self) -> None:
        """The question fell away."""

    def offer(self, lines: list[str]) -> None:
        """These lines were not sent; L{Session.paste} sends them."""

    def changed(self) -> None:
        """Something of the session's state is different."""

    def over(self, status: int, complaint: str) -> None:
        """The session has ended."""


class Session:
    """
    One person's presence in the chat, across connections.

    @ivar name: one's own name, empty before the login.
    @ivar rooms: where one is.
    @ivar listed: the rooms of the last answer to C{/rooms}.
    @ivar state: C{connecting}, C{login}, C{online} or C{offline}.
    @ivar modern: whether the server is the daemon, None when not known.
    @ivar retry_at: when the next attempt to connect is made, in the clock's seconds.
    """

    def __init__(
        self,
        clock: Clock,
        options: Options,
        make_link: Callable[[Session], Any],
        view: View,
        random: Callable[[], float],
    ) -> None:
        """
        @param make_link: makes the L{Link} whose owner is the session.
        @param random: gives numbers from 0 to 1, to vary pauses.
        """
        self.name = options.nick or ""
        self.rooms = Rooms()
        self.listed: tuple[str, ...] = ()
        self.state = "connecting"
        self.modern: bool | None = None
        self.retry_at = 0.0
        self._clock = clock
        self._options = options
        self._view = view
        self._random = random
        self._link = make_link(self)
        self._talk: Conversation | None = None
        self._catchup = Catchup()
        self._password = options.password
        self._given: str | None = None
        self._asked_for: str | None = None
        self._json = False
        self._landing: list[Event] = []
        self._ids = False
        self._early: list[Event] = []
        self._switching: list[Event] | None = None
        self._was_online = False
        self._leaving = False
        self._over = False
        self._attempt = 0
        self._name_tries = 0
        self._tried: set[str] = set()
        self._question = ""
        self._wanted: list[str] = []
        self._wanted_current = ""
        self._away = ""
        self._keys: dict[str, str] = {}
        self._outbox = Outbox()
        self._pasting: deque[str] = deque()
        self._quiet: Counter[str] = Counter()
        self._alive = KeepAlive()
        self._attempted_at = clock.seconds()
        self._connected_at = 0.0
        self._sweep: Timer | None = None
        self._timers: list[Timer] = []
        self._paste_timer: Timer | None = None

    @property
    def lag(self) -> float | None:
        """Seconds that the server took to answer last, None when not known."""
        return self._alive.lag

    @property
    def pasting(self) -> bool:
        """Whether lines of a paste are still to go out."""
        return bool(self._pasting)

    # What the person does

    def start(self) -> None:
        """Connect."""
        self._sweep = self._clock.callLater(SWEEP, self._look_after)
        self._link.connect()

    def say(self, line: str) -> None:
        """
        @param line: what was typed. Without a connection it is kept, and offered when there is one again.
        """
        word = line.split(maxsplit=1)[0].lower() if line.strip() else ""
        if word == "/quit":
            self.leave(line)
        elif not word:
            pass
        elif self.state == "login":
            # What looks like a line may be the answer to a question that has not come yet.
            self._notice("Logging in, wait: the line was not taken.", "error")
        elif self.state != "online" and is_secret(line):
            self._notice("There is no connection. The line is not kept, because a password may stand in it.", "error")
        elif self.state != "online" or self._talk is None:
            self._outbox.keep(line)
            self._notice("There is no connection. The line is kept; you will be asked when there is one again.")
        else:
            if word == "/away":
                self._away = line
            elif word == "/join" and is_secret(line):
                _, room, key = line.split(maxsplit=2)
                self._keys[fold(room)] = key
            elif word in PASSWORD_COMMANDS:
                self._asked_for = line.rsplit(maxsplit=1)[-1]
            elif word == "/history":
                self._ids = line.lower().split()[-1] == "ids"
            self._outbox.sent(line)
            self._talk.say(line)

    def paste(self, lines: list[str]) -> None:
        """
        @param lines: go out one after the other, slowly enough not to count as a flood.
        """
        if self.state == "login":
            for line in lines:
                self._outbox.keep(line)
            return
        if self.state != "online":
            for line in lines:
                self.say(line)
            return
        self._pasting.extend(lines)
        if self._paste_timer is None or not self._paste_timer.active():
            self._paste_next()

    def answer(self, text: str) -> None:
        """
        @param text: what the person says to the server's question.
        """
        if self._question == PASSWORD_PROMPT:
            self._given = text
        question, self._question = self._question, ""
        if question and self._talk is not None:
            self._talk.answer(text)

    def leave(self, line: str = "/quit") -> None:
        """
        Say good-bye and end.

        @param line: C{/quit}, perhaps with a reason.
        """
        self._leaving = True
        if self._talk is None or self.state != "online":
            lost = len(self._outbox.unsent())
            what = "1 line was" if lost == 1 else f"{lost} lines were"
            self.end(1 if lost else 0, f"{what} not sent, for want of a connection" if lost else "")
            return
        self._talk.say(line)
        self._timers.append(self._clock.callLater(CLOSE_WAIT, self.end, 0))

    def end(self, status: int, complaint: str = "") -> None:
        """
        End at once.

        @param status: for the process.
        @param complaint: for standard error, or empty.
        """
        if self._over:
            return
        self._over = True
        if self._talk is not None:
            self._talk.ended()
        for timer in (self._sweep, self._paste_timer, *self._timers):
            if timer is not None and timer.active():
                timer.cancel()
        self._link.abort()
        self._view.over(status, complaint)

    # The connection

    def link_up(self) -> None:
        """There is a connection."""
        self.state = "login"
        self._talk = Conversation(self._clock, self._link.write, self)
        self._json, self._switching = False, None
        self._landing, self._ids = [], False
        self._early = []
        self._given = None
        self._connected_at = self._clock.seconds()
        self._tried.clear()
        self._alive = KeepAlive()
        self._quiet.clear()
        self._view.changed()

    def link_data(self, data: bytes) -> None:
        """Bytes came from the server."""
        if self._talk is not None:
            self._talk.data_received(data)

    def link_down(self, why: str) -> None:
        """There is no connection, or no longer."""
        if self._over:
            return
        server = self._options.server
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.ended()
        if self._leaving:
            self.end(0)
        elif not self._was_online:
            what = "cannot connect to" if talk is None else "lost the connection to"
            self.end(1, f"{what} {server}: {why or 'the server closed the connection'}")
        else:
            if self.state == "online":
                self._remember()
                self._notice(f"Lost the connection to {server}: {why or 'the server closed it'}.", "error")
            self._wait_and_connect()

    def _remember(self) -> None:
        """Keep what is needed to come back: the rooms, and what was on its way."""
        self._wanted, self._wanted_current = self.rooms.joined(), self.rooms.current
        self._catchup.abandon()
        for line in self._pasting:
            self._outbox.keep(line)
        self._pasting.clear()

    def _wait_and_connect(self) -> None:
        self.state = "offline"
        self._alive = KeepAlive()
        if self._question:
            self._question = ""
            self._view.unask()
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._attempt) * (0.5 + self._random())
        self._attempt = min(self._attempt + 1, 20)
        self.retry_at = self._clock.seconds() + pause
        self._later(pause, self._connect_again)
        self._view.changed()

    def _connect_again(self) -> None:
        self.state = "connecting"
        self._attempted_at = self._clock.seconds()
        self._view.changed()
        self._link.connect()

    def _look_after(self) -> None:
        """Now and then: is the connection alive?"""
        self._sweep = self._clock.callLater(SWEEP, self._look_after)
        now = self._clock.seconds()
        if self.state == "connecting" and now - self._attempted_at > self._options.timeout + SWEEP:
            # There is a connection, but what makes it secure does not come about.
            self._link.abort()
        if self._talk is None:
            return
        if self.state == "login" and self._was_online and now - self._connected_at > LOGIN_WAIT:
            if not self._question:
                self._link.abort()
        elif self.state == "online" and self._json:
            if self._alive.dead(now, self._talk.heard):
                self._link.abort()
            elif token := self._alive.due(now, self._talk.heard):
                self._talk.say(f"/ping {token}")
        self._view.changed()

    # The conversation

    def asked(self, prompt: str) -> None:
        """The server asks something."""
        self._show_early()
        refused, self._given = self._given, None
        if refused is not None and refused == self._password:
            self._password = None
        ready = {LOGIN_PROMPT: self.name, PASSWORD_PROMPT: self._known_password()}.get(prompt)
        self._question = prompt
        if prompt == PASSWORD_PROMPT and self._options.server.exposed:
            self._notice("The connection is not encrypted (--tls): others can read the password on its way.", "error")
        if refused is not None and prompt == LOGIN_PROMPT and self._talk is not None and self._talk.name:
            # The password was wrong, not the name: have the server ask for it again, so that nobody types it here.
            self.answer(self._talk.name)
        elif ready and prompt not in self._tried:
            self._tried.add(prompt)
            self.answer(ready)
        elif ready and prompt == LOGIN_PROMPT and self._was_online and self._name_tries < NAME_TRIES:
            # The server may not have noticed yet that the connection before is gone.
            self._name_tries += 1
            self._later(min(LONGEST_PAUSE, 2.0**self._name_tries), self._answer_again, self._talk, ready)
        else:
            self._view.ask(prompt, prompt == PASSWORD_PROMPT)
        self._view.changed()

    def _known_password(self) -> str | None:
        """The password, when it is that of the name which the server asks about."""
        asked = self._talk.name if self._talk is not None else ""
        return self._password if not self.name or not asked or fold(asked) == fold(self.name) else None

    def _answer_again(self, talk: Conversation, name: str) -> None:
        if talk is self._talk and self._question == LOGIN_PROMPT:
            self.answer(name)

    def logged_in(self) -> None:
        """The login is done."""
        assert self._talk is not None
        self.name = self._talk.name or self.name
        self._password, self._given = self._given or self._known_password(), None
        self.modern = self._talk.modern
        self._name_tries = 0
        if self.modern:
            self._switching, self._early = self._early, []
            self._talk.say("/format json")
            self._later(SWITCH_WAIT, self._stay_in_text, self._talk)
        else:
            self._show_early()
            self._online()
            self._offer()

    def _show_early(self) -> None:
        """What came during the login, and was not the replay of a daemon, which is fetched with numbers later."""
        early, self._early = self._early, []
        for event in early:
            self._event(event)

    def received(self, line: str) -> None:
        """The server says something."""
        if self._json:
            event = parse_json(line)
            if event is None:
                event = Event("error", f"The server sent what is no event: {parse_text(line).text[:200]}")
            self._event(event)
            return
        if self._switching is not None and line.startswith("{"):
            answer = parse_json(line)
            if answer is not None and answer.type == "format":
                self._switched(answer)
                return
        event = parse_text(line)
        if self._talk is not None and self._talk.modern is None:
            self._early = [*self._early, event][-MAX_HELD_LINES:]
        elif self._switching is None:
            self._event(event)
        elif event.type == "error":
            self._switching.append(event)
            self._stay_in_text(self._talk)
        else:
            self._switching = [*self._switching, event][-MAX_HELD_LINES:]

    def _stay_in_text(self, talk: Conversation | None) -> None:
        """The server does not switch: it is an older one, or another program."""
        if talk is not self._talk or self._switching is None:
            return
        held, self._switching = self._switching, None
        self._online()
        for event in held:
            self._event(event)
        self._offer()

    def _switched(self, event: Event) -> None:
        """From here on, the server writes JSON. What rooms said before is in their history, which is fetched now."""
        held, self._switching, self._json = self._switching or [], None, True
        self.name = event.sender or self.name
        here, before, again = event.room, self.rooms, self._was_online
        self._online()
        self.rooms = Rooms()
        for name in [*event.names, here, *(self._wanted if again else [])]:
            if name:
                self.rooms.keep(name, before)
        self.rooms.focus(here)
        for earlier in held:
            # Direct messages are in no room's history.
            if earlier.type in DIRECT or (earlier.type not in ROOM_TYPES and not earlier.replay):
                self._view.show(earlier)
        if not again:
            self._fetch(here)
            if self._options.room:
                self._command(f"/join {self._options.room}")
        else:
            self._return_to_rooms(here)
        self._look_after_now()

    def _return_to_rooms(self, here: str) -> None:
        """Go back to the rooms of before, the current one last, and fetch what was missed in each."""
        if here in self._wanted:
            self._fetch(here)
        last = [self._wanted_current] if self._wanted_current else []
        for room in [name for name in self._wanted if name not in last] + last:
            if room != here:
                self._fetch(room, join=True)
        if here == self._wanted_current and len(self._wanted) > 1:
            self._command(f"/join {here}")
        if here not in self._wanted and self._wanted:
            self._command(f"/leave {here}")
        if self._away:
            self._command(self._away)
        self._command(f"/ping {_RETURNED}")

    def _fetch(self, room: str, join: bool = False) -> None:
        """Fetch what was missed in a room that is the current one, or is to become it."""
        self._catchup.begin(room)
        if join:
            self._command(f"/join {room} {self._keys.get(fold(room), '')}".rstrip())
        after = self._catchup.last(room)
        self._command(f"/history {ALL} after {after}" if after else f"/history {FIRST_LINES}")
        self._ask_who(room)

    def _ask_who(self, room: str) -> None:
        self._quiet[room] += 1
        self._command(f"/who {room}")

    def _command(self, line: str) -> None:
        if self._talk is not None:
            self._talk.say(line)

    def _online(self) -> None:
        self.state = "online"
        self._was_online = True
        self._attempt = 0
        if self.modern is False and not self.rooms.current:
            self.rooms.focus("")
        self._view.changed()

    def _look_after_now(self) -> None:
        """Measure the lag at once."""
        if self._sweep is not None and self._sweep.active():
            self._sweep.cancel()
        self._look_after()

    # Events

    def _event(self, event: Event) -> None:
        if event.type in ROOM_TYPES or event.type in DIRECT:
            taken = self._catchup.take(event)
            if taken is not None:
                if taken.replay and self._ids:
                    taken = dataclasses.replace(taken, numbered=True)
                self._deliver(taken, asked=taken.replay)
        elif event.type == "pong" and self._alive.answered(event.to, self._clock.seconds()):
            self._view.changed()
        elif event.type == "who" and event.room:
            if event.room in self.rooms.joined():
                self.rooms[event.room].is_members(event.names)
            if self._quiet[event.room] > 0:
                self._quiet[event.room] -= 1
            else:
                self._view.show(event)
            self._view.changed()
        elif event.type == "room":
            self.rooms.focus(event.room)
            landing, self._landing = self._landing, []
            for earlier in [*landing, event]:
                self._view.show(earlier)
            if event.room:
                self._ask_who(event.room)
            self._view.changed()
        elif event.type == "history" and event.room in self._catchup.held():
            self._caught_up(event.room)
        elif event.type == "pong" and event.to == _RETURNED:
            # What has not come by now will not: a room that cannot be entered any more, for example.
            for room in self._catchup.held():
                self._caught_up(room)
        elif event.type == "account" or (event.type == "info" and event.text == PASSWORD_CHANGED):
            # Coming back needs the password that holds from now on.
            self._password, self._asked_for = self._asked_for or self._password, None
            self._view.show(event)
        elif event.type == "info" and self._json and (out := _OUT.fullmatch(event.text)):
            self._is_out(out[1], event)
        elif event.text:
            if event.type == "rooms":
                self.listed = event.names
            self._view.show(event)

    def _is_out(self, room: str, event: Event) -> None:
        """One is in a room no more. The sentence that says so is shown in the room where one is then."""
        self.rooms.drop(room)
        if self.rooms.current:
            self._view.show(event)
            self._view.changed()
        else:
            self._landing = [*self._landing, event][-MAX_HELD_LINES:]

    def _caught_up(self, room: str) -> None:
        """What was missed in a room is there."""
        known = self._catchup.last(room)
        events, dropped = self._catchup.finish(room, self.name)
        if dropped:
            self._notice(f"Too much was missed in {room}: {dropped} lines are left out; /history has them.")
        for event in events:
            self._deliver(event)
        if known:
            missed = sum(e.type in SPOKEN and e.sender != self.name for e in events)
            self._view.show(Event("info", f"Connected again; {missed} missed in {room}.", room=room))
        if not self._catchup.held():
            self._offer()

    def _deliver(self, event: Event, asked: bool = False) -> None:
        if event.type == "rename" and event.sender == self.name and not event.replay:
            self.name = event.to
        spoken = event.type in SPOKEN
        named = spoken and event.sender != self.name and mentions(event.text, self.name)
        if not asked:
            self.rooms.note(event, self.name, named)
        if event.sender == self.name and event.type in ("message", "action"):
            self._outbox.heard(event)
        self._view.show(event, asked)

    def _offer(self) -> None:
        """Ask about lines that did not get out: those whose echo never came, and those typed without connection."""
        if lines := self._outbox.unsent():
            self._view.offer(lines)

    def _paste_next(self) -> None:
        if self._pasting and self.state == "online":
            self.say(self._pasting.popleft())
            self._paste_timer = self._clock.callLater(PASTE_INTERVAL, self._paste_next)

    def _later(self, delay: float, call: Callable[..., object], *args: object) -> None:
        self._timers = [timer for timer in self._timers if timer.active()]
        self._timers.append(self._clock.callLater(delay, call, *args))

    def _notice(self, text: str, type: str = "info") -> None:
        self._view.show(Event(type, text))
