"""Many clients at once, in one thread: they talk as fast as they are answered, and keep all they receive."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Sequence

from daemon import PATIENCE, Address

PROMPT = b"Login Id: "
NOT_SENT = b"\n!! Not sent: "


class Talker:
    """One of the crowd. It logs in, and says lines, so many ahead of what has come back.

    @ivar said: how many lines it has sent.
    @ivar back: how many of them have come back.
    @ivar refused: how many of them could not be kept.
    @ivar closed: whether the daemon has closed the connection.
    """

    def __init__(
        self,
        address: Address,
        name: str,
        text: str = "is what I say",
        limit: int | None = None,
        ahead: int = 32,
        last: str = "",
    ) -> None:
        """
        @param limit: say so many lines, in all.
        @param last: what to send when the last of them has come back.
        """
        self.name = name
        self.said = self.back = self.refused = 0
        self.closed = False
        self._text = text
        self._limit = limit
        self._ahead = ahead
        self._last = last
        self._mark = f"\n[{name}] ".encode()
        self._complete: list[bytes] = []
        self._rest = b""
        self._out = bytearray(f"{name}\n".encode())
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.connect_ex(address)

    def talk(self) -> None:
        """Prepare what may be said now."""
        answered = self.back + self.refused
        upto = answered + self._ahead
        if self._limit is not None:
            upto = min(upto, self._limit)
            if answered == self._limit and self._last:
                self._out += self._last.encode() + b"\n"
                self._last = ""
        # Not one line for each that came back, but some together: a flood, not a ping-pong.
        if upto - self.said > self._ahead // 4 or upto == self._limit:
            for number in range(self.said, upto):
                self._out += f"{number} {self._text}\n".encode()
            self.said = max(self.said, upto)

    def receive(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.closed = True
            return
        data = self._rest + data
        cut = data.rfind(b"\n")
        # The line end before the rest stays with it: so each line is found with the one before it.
        if cut > 0:
            self._complete.append(data[:cut])
            self.back += data.count(self._mark, 0, cut)
            self.refused += data.count(NOT_SENT, 0, cut)
            data = data[cut:]
            self.talk()
        self._rest = data

    def send(self) -> bool:
        """@return: whether there is more to send."""
        if self._out:
            try:
                del self._out[: self.socket.send(self._out)]
            except BlockingIOError:
                return True
            except ConnectionError:
                self._out.clear()
        return bool(self._out)

    def last_heard(self, line: str) -> bool:
        """Whether this line was among the last that it received."""
        return bool(self._complete) and line.encode() in self._complete[-1]

    def lines(self) -> list[str]:
        """All complete lines that it received."""
        complete = b"".join(self._complete) + self._rest[: self._rest.rfind(b"\n") + 1]
        return complete.removeprefix(PROMPT).decode().splitlines()


def run(talkers: Sequence[Talker], until: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Let them talk until a condition holds, or all are closed.

    @raise AssertionError: neither comes.
    """
    selector = selectors.DefaultSelector()
    interest = selectors.EVENT_READ | selectors.EVENT_WRITE
    for talker in talkers:
        if not talker.closed:
            selector.register(talker.socket, interest, talker)
    deadline = time.monotonic() + patience
    with selector:
        while selector.get_map() and not until():
            if time.monotonic() > deadline:
                raise AssertionError(f"the crowd waits: {[(t.name, t.said, t.back) for t in talkers if not t.closed]}")
            for key, events in selector.select(0.01):
                talker = key.data
                if events & selectors.EVENT_READ:
                    talker.receive()
                if talker.closed:
                    selector.unregister(talker.socket)
                    talker.socket.close()
                    continue
                wanted = interest if talker.send() else selectors.EVENT_READ
                if wanted != key.events:
                    selector.modify(talker.socket, wanted, talker)


def said(lines: Sequence[str]) -> list[str]:
    """The messages among lines, replayed ones too, without the times."""
    bare = (line.split(" ", 3)[3] if line.startswith("~ ") else line for line in lines)
    return [line for line in bare if line.startswith("[")]


def check_kept(talkers: Sequence[Talker], history: Sequence[str]) -> int:
    """Everything that anyone received is in the history: in that order, once, and with nothing between.

    @param history: everything that was said, by the log.
    @return: how many lines were received, in all.
    @raise AssertionError: it is not so.
    """
    places = {line: place for place, line in enumerate(history)}
    assert len(places) == len(history), "a line is in the history twice"
    count = 0
    for talker in talkers:
        received = said(talker.lines())
        lost = [line for line in received if line not in places]
        assert not lost, f"{talker.name} received {lost[0]!r}, which is not in the history"
        found = [places[line] for line in received]
        assert not found or found == list(range(found[0], found[0] + len(found))), (
            f"{talker.name} received lines in another order, twice, or not at all"
        )
        count += len(received)
    return count
