"""The client on a terminal: keys in, frames out. What it draws is made in L{Buffer}, L{layout} and L{Screen}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import interfaces
from twisted.internet.protocol import Protocol as TwistedProtocol
from wcwidth import width
from zope.interface import implementer

from twisted_chat.client import local, screen
from twisted_chat.client.buffer import Buffer, Entry
from twisted_chat.client.completion import Completer
from twisted_chat.client.config import Options
from twisted_chat.client.conversation import Clock, Timer
from twisted_chat.client.editor import Editor, window
from twisted_chat.client.events import DIRECT, SPOKEN, Event
from twisted_chat.client.highlight import mentions
from twisted_chat.client.history import History
from twisted_chat.client.keys import Decoder, Key
from twisted_chat.client.layout import BOLD, Look, Row, fit_row
from twisted_chat.client.question import Questions
from twisted_chat.client.search import Search
from twisted_chat.client.session import Session
from twisted_chat.client.status import status_row
from twisted_chat.client.text import clean

#: Seconds from a key, and from something that was said, to the next frame; and for the rest of an escape sequence.
AFTER_KEY = 0.005
AFTER_EVENT = 0.04
ESCAPE_WAIT = 0.05

#: Lines sent with one read of the terminal past which they count as pasted.
TYPED_AT_ONCE = 3


class Console:
    """
    The terminal's side of a L{Session}.

    @ivar status: the exit status; final once C{done} was called.
    @ivar complaint: what to say on standard error at the end, or empty.
    @ivar session: set by whoever puts the parts together, before anything else happens.
    """

    session: Session

    def __init__(
        self,
        clock: Clock,
        options: Options,
        write: Callable[[bytes], object],
        size: Callable[[], tuple[int, int]],
        history: History,
        done: Callable[[], object],
        *,
        now: Callable[[], float],
        colours: int = 256,
        suspend: Callable[[], object] = lambda: None,
        zone: Any = None,
    ) -> None:
        """
        @param write: takes bytes for the terminal.
        @param size: tells the terminal's rows and columns.
        @param history: lines typed earlier; lines are added to it.
        @param done: is called once, when it is over.
        @param now: tells the time of day, in seconds since the epoch.
        @param colours: how many the terminal has.
        @param suspend: stops the process until it is continued.
        @param zone: a L{datetime.tzinfo} in which times are shown; None for the local one.
        """
        self.status = 0
        self.complaint = ""
        self.settings = local.Settings(**options.settings)
        self._clock = clock
        self._options = options
        self._write = write
        self._size = size
        self._history = history
        self._done: Callable[[], object] | None = done
        self._now = now
        self._colours = colours
        self._suspend = suspend
        self._zone = zone
        self._keys = Decoder()
        self._escape: Timer | None = None
        self._editor = Editor()
        self._completer = Completer()
        self._screen = screen.Screen()
        self._buffers: dict[str, Buffer] = {}
        self._frame: Timer | None = None
        self._frame_at = 0.0
        self._blocked = False
        self._stale = False
        self._bell = False
        self._prompt = ""
        self._hidden = False
        self._secret = False
        self._aside: tuple[str, int] = ("", 0)
        self._questions = Questions()
        self._search: Search | None = None
        self._submitted = 0
        self._peers: dict[str, None] = {}

    # Output

    def output_flow(self, on: bool) -> None:
        """
        @param on: False when the terminal takes no more for now: then no frame is drawn until it does.
        """
        self._blocked = not on
        if on and self._stale:
            self._redraw(AFTER_KEY)

    def resized(self) -> None:
        """The terminal has another size, or its content is not what it was."""
        self._screen.forget()
        self._redraw(AFTER_KEY)

    def _redraw(self, within: float) -> None:
        """Have a frame drawn in so many seconds, or sooner."""
        if self._done is None:
            return
        at = self._clock.seconds() + within
        if self._frame is not None and self._frame.active():
            if self._frame_at <= at:
                return
            self._frame.cancel()
        self._frame_at = at
        self._frame = self._clock.callLater(within, self.draw)

    def draw(self) -> None:
        """Draw a frame now, unless the terminal is still busy with the one before."""
        if self._frame is not None and self._frame.active():
            self._frame.cancel()
        self._stale = self._blocked
        if self._blocked or self._done is None:
            return
        rows, columns = self._size()
        frame, cursor = self._compose(rows, columns)
        data = self._screen.draw(frame, cursor, (rows, columns))
        if self._bell:
            self._bell = False
            data += screen.BELL
        if data:
            self._write(data)

    def _look(self) -> Look:
        colours = self._colours if self.settings.colours else 0
        return Look(colours, self.settings.timestamps, self._zone)

    def _compose(self, height: int, columns: int) -> tuple[list[Row], tuple[int, int]]:
        """The rows of the whole terminal, and where the cursor is."""
        look = self._look()
        buffer = self._buffer()
        frame: list[Row] = []
        if height > 2:
            frame += buffer.visible(look, columns, height - 2)
        if height > 1:
            question = self._questions.text(bool(self._editor.text))
            candidates = self._completer.candidates if len(self._completer.candidates) > 1 else []
            frame.append(
                status_row(
                    self.session,
                    self._options.server,
                    self._clock.seconds(),
                    buffer.scroll > 0,
                    question,
                    candidates,
                    columns,
                )
            )
        row, column = self._input_row(columns)
        return [*frame, row], (height - 1, column)

    def _input_row(self, columns: int) -> tuple[Row, int]:
        if self._search is not None:
            label, text, cursor, hidden = f"(search) {self._search.words}: ", self._search.found, 0, False
        else:
            room = self.session.rooms.current
            label = self._prompt or (f"[{room}] " if room else "> ")
            if not self._prompt and self._logging_in():
                label = "(logging in, wait) "
            text, cursor = self._editor.text, self._editor.cursor
            hidden = self._hidden if self._prompt else self._secret
        ((shown, style),) = fit_row([(label, BOLD)], columns // 2)
        start = width(shown)
        visible, at = window(text, cursor, max(1, columns - start), hidden)
        return ((shown, style), (visible, "")), min(columns - 1, start + at)

    # What there is to show: the session's view

    def show(self, event: Event, asked: bool = False) -> None:
        """Something was said, or happened."""
        current = self.session.rooms.current
        me = self.session.name
        home = current if asked or not event.room else event.room
        spoken = event.type in SPOKEN
        named = spoken and event.sender != me and mentions(event.text, me)
        if event.type in DIRECT:
            peer = event.to if event.sender == me else event.sender
            self._peers.pop(peer, None)
            self._peers[peer] = None
            if len(self._peers) > 100:
                del self._peers[next(iter(self._peers))]
        if not asked and self.settings.bell and not event.replay:
            self._bell = self._bell or named or (event.type in DIRECT and event.sender != me)
        if event.type == "delete" and event.text.isdecimal() and len(event.text) < 20:
            for buffer in self._buffers.values():
                buffer.delete(int(event.text))
        time = self._now() if event.time is None else event.time
        self._buffer(home).add(Entry(event, time, me, named, event.room not in ("", home)))
        self._redraw(AFTER_EVENT)

    def ask(self, prompt: str, hidden: bool) -> None:
        """The server asks; the line being typed is put aside until it is answered."""
        if not self._prompt:
            if not self._secret and not self._aside[0]:
                self._aside = self._editor.text, self._editor.cursor
            self._editor.replace("")
        self._prompt, self._hidden = clean(prompt[:100]), hidden
        self._secret = self._secret or hidden
        self._search = None
        self._redraw(AFTER_KEY)

    def unask(self) -> None:
        """The question fell away."""
        if self._prompt:
            self._prompt, self._hidden = "", False
            self._editor.replace("")
            if not self._logging_in():
                self._put_back()
        self._redraw(AFTER_KEY)

    def _put_back(self) -> None:
        """The line that a question interrupted is there again; what was typed since, perhaps a password, is not."""
        (text, cursor), self._aside = self._aside, ("", 0)
        self._editor.replace(text)
        self._editor.cursor = cursor
        self._secret = False

    def _logging_in(self) -> bool:
        """Whether the server may still ask something: nothing that is typed now is meant for a room."""
        # Whoever was asked for a password may still be typing it when the connection breaks.
        return self.session.state == "login" or (self._secret and self.session.state != "online")

    def offer(self, lines: list[str]) -> None:
        """Lines were not sent: ask whether to send them."""
        for line in lines[:20]:
            self._tell(f"Not sent: {clean(line)}", "error")
        self._questions.ask(False, lines, self._clock.seconds())
        self._redraw(AFTER_KEY)

    def changed(self) -> None:
        """The status line is different."""
        if not self._prompt and not self._logging_in() and (self._secret or self._aside[0]):
            self._put_back()
        self._redraw(AFTER_EVENT)

    def over(self, status: int, complaint: str) -> None:
        """The session has ended."""
        if self._done is not None:
            done, self._done = self._done, None
            self.status, self.complaint = status, complaint
            for timer in (self._frame, self._escape):
                if timer is not None and timer.active():
                    timer.cancel()
            done()

    def interrupt(self, status: int) -> None:
        """
        Leave at once.

        @param status: the exit status.
        """
        self.session.end(status)

    def _buffer(self, room: str | None = None) -> Buffer:
        name = self.session.rooms.current if room is None else room
        if name not in self._buffers:
            self._buffers[name] = Buffer()
            if name and "" in self._buffers and len(self._buffers) == 2:
                # What was said before the first room was known belongs to it.
                self._buffers[name] = self._buffers.pop("")
        return self._buffers[name]

    def _tell(self, text: str, type: str = "help") -> None:
        self.show(Event(type, text))

    # Keys

    def input_received(self, data: bytes) -> None:
        """
        @param data: bytes from the terminal.
        """
        if self._escape is not None and self._escape.active():
            self._escape.cancel()
        self._submitted = 0
        for key in self._keys.feed(data):
            self._key(key)
        if self._keys.pending:
            self._escape = self._clock.callLater(ESCAPE_WAIT, self._escape_alone)

    def input_ended(self) -> None:
        """The terminal is gone."""
        self.session.end(1)

    def _escape_alone(self) -> None:
        for key in self._keys.flush():
            self._key(key)

    def _key(self, key: Key) -> None:
        if self._done is None:
            return
        if key.name not in ("tab", "back-tab"):
            self._completer.candidates = []
        if self._question_took(key) or self._search_took(key):
            pass
        elif key.name == "text":
            self._editor.insert(clean(key.text))
        elif key.name == "paste":
            self._pasted(key.text)
        elif action := _ACTIONS.get(key.name):
            action(self)
        self._redraw(AFTER_KEY)

    def _enter(self) -> None:
        if self._prompt:
            text = self._editor.text
            if text.strip():
                self.unask()
                self.session.answer(text)
            return
        if self._logging_in() and self._editor.text.split()[:1] != ["/quit"]:
            if self._secret:
                self._editor.replace("")
            return
        line = self._editor.take()
        if not line.strip():
            return
        self._history.add(line)
        self._buffer().scroll = 0
        try:
            answer = local.run(line, self.settings, lambda: self._buffer().clear())
        except local.Refused as why:
            self._tell(str(why), "error")
            return
        if answer is not None:
            if answer:
                self._tell(answer)
            return
        if line.lower().split() == ["/help"]:
            self._tell(local.HELP)
        self._submitted += 1
        if self._submitted > TYPED_AT_ONCE or self.session.pasting:
            self.session.paste([line])
        else:
            self.session.say(line)

    def _interrupted(self) -> None:
        if self._prompt and not self._editor.text:
            self.session.end(130)
        elif not self._editor.text:
            self._tell("Ctrl-D or /quit leaves.")
        self._editor.replace("")

    def _end_of_input(self) -> None:
        if self._editor.text:
            self._editor.delete()
        else:
            self.session.leave()

    def _pasted(self, text: str) -> None:
        lines = [clean(line) for line in text.split("\n")]
        full = [line for line in lines if line.strip()]
        if len(full) < 2 or self._prompt or self._logging_in():
            self._editor.insert(full[0] if full else "")
        else:
            self._questions.ask(True, full, self._clock.seconds())

    def _older(self) -> None:
        line = None if self._prompt else self._history.back(self._editor.text)
        if line is not None:
            self._editor.replace(line)

    def _newer(self) -> None:
        line = None if self._prompt else self._history.forward()
        if line is not None:
            self._editor.replace(line)

    def _complete(self, backwards: bool = False) -> None:
        if self._prompt:
            return
        rooms = self.session.rooms
        names = rooms[rooms.current].names() if rooms.current in rooms.joined() else []
        peers = [name for name in reversed(self._peers) if name not in names]
        self._editor.text, self._editor.cursor = self._completer.complete(
            self._editor.text,
            self._editor.cursor,
            [*local.SERVER_COMMANDS, *local.CLIENT_COMMANDS],
            dict.fromkeys([*rooms.joined(), *self.session.listed]),
            [name for name in [*names, *peers] if name != self.session.name],
            backwards,
        )

    def _scroll(self, pages: int) -> None:
        buffer = self._buffer()
        buffer.scroll = max(0, buffer.scroll + pages * max(1, self._size()[0] - 3))

    def _switch(self, step: int) -> None:
        joined = self.session.rooms.joined()
        if len(joined) > 1 and self.session.rooms.current in joined:
            self.session.say(f"/join {joined[(joined.index(self.session.rooms.current) + step) % len(joined)]}")

    def _switch_to_unread(self) -> None:
        rooms = [self.session.rooms[name] for name in self.session.rooms.joined()]
        waiting = sorted((room for room in rooms if room.unread), key=lambda room: not room.mentioned)
        if waiting:
            self.session.say(f"/join {waiting[0].name}")

    def _stop(self) -> None:
        self._suspend()
        self.resized()

    def _start_search(self) -> None:
        if not self._prompt:
            self._search = Search(self._history, self._editor.text)

    def _search_took(self, key: Key) -> bool:
        """Whether a key was for the search."""
        if self._search is None:
            return False
        taken, line = self._search.take(key)
        if line is not None:
            self._search = None
            self._editor.replace(line)
        return taken

    def _question_took(self, key: Key) -> bool:
        """Whether a key was for a question of the client's own."""
        taken, lines = self._questions.take(key, self._clock.seconds(), bool(self._editor.text))
        if lines:
            self.session.paste(lines)
        return taken


_ACTIONS: dict[str, Callable[[Console], object]] = {
    "enter": Console._enter,
    "backspace": lambda console: console._editor.backspace(),
    "delete": lambda console: console._editor.delete(),
    "left": lambda console: console._editor.left(),
    "right": lambda console: console._editor.right(),
    "home": lambda console: console._editor.home(),
    "end": lambda console: console._editor.end(),
    "ctrl-b": lambda console: console._editor.left(),
    "ctrl-f": lambda console: console._editor.right(),
    "ctrl-a": lambda console: console._editor.home(),
    "ctrl-e": lambda console: console._editor.end(),
    "ctrl-left": lambda console: console._editor.word_left(),
    "ctrl-right": lambda console: console._editor.word_right(),
    "alt-left": lambda console: console._editor.word_left(),
    "alt-right": lambda console: console._editor.word_right(),
    "alt-b": lambda console: console._editor.word_left(),
    "alt-f": lambda console: console._editor.word_right(),
    "ctrl-k": lambda console: console._editor.cut_to_end(),
    "ctrl-u": lambda console: console._editor.cut_to_start(),
    "ctrl-w": lambda console: console._editor.cut_word(),
    "alt-backspace": lambda console: console._editor.cut_word(),
    "alt-d": lambda console: console._editor.cut_word_right(),
    "ctrl-y": lambda console: console._editor.paste(),
    "ctrl-t": lambda console: console._editor.swap(),
    "up": Console._older,
    "down": Console._newer,
    "ctrl-r": Console._start_search,
    "tab": Console._complete,
    "back-tab": lambda console: console._complete(backwards=True),
    "page-up": lambda console: console._scroll(1),
    "page-down": lambda console: console._scroll(-1),
    "ctrl-n": lambda console: console._switch(1),
    "ctrl-p": lambda console: console._switch(-1),
    "alt-a": Console._switch_to_unread,
    "ctrl-l": Console.resized,
    "ctrl-c": Console._interrupted,
    "ctrl-d": Console._end_of_input,
    "ctrl-z": Console._stop,
}


@implementer(interfaces.IHalfCloseableProtocol)
class ConsoleStdio(TwistedProtocol):
    """Standard input and output for a L{Console}."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def dataReceived(self, data: bytes) -> None:
        self._console.input_received(data)

    def readConnectionLost(self) -> None:
        self._console.input_ended()

    def writeConnectionLost(self) -> None:
        self._console.input_ended()
