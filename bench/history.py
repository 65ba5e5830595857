"""A daemon with a long history: how long until it is up, lets someone in, finds something. Ours only."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.load import LoadFailed
from bench.machine import cores
from bench.metrics import Values
from bench.peers import EMPTY, Peer, database
from bench.server import Server

MESSAGES = 1_000_000
STEP = 1000  # messages to one transaction
ROOM = "#lobby"
TRIES = 10
STARTS = 9
TIMEOUT = 30.0

# "everywhere" is in every second text, "often" in every third; the others of the vocabulary are evenly spread.
COMMON, FREQUENT = "everywhere", "often"
_SYLLABLES = ("ka", "lo", "mi", "ne", "ru", "sa", "ti", "vo", "be", "du")


def word(number: int) -> str:
    """The words of the history: one for each number below 10,000, all of four syllables."""
    return "".join(_SYLLABLES[number // 10**place % 10] for place in range(4))


def texts(messages: int) -> Iterator[str]:
    """Texts of some 50 bytes. Every 100,000th one has a word of its own, "rare" and its number."""
    chance = random.Random(20)
    for number in range(messages):
        words = [word(chance.randrange(10_000)) for _ in range(4)]
        words += [COMMON] * (number % 2) + [FREQUENT] * (number % 3 == 0)
        words += [f"rare{number}"] * (number % 100_000 == 50_000)
        yield " ".join(words)


def fill(path: Path, messages: int) -> None:
    """Make a database with this history, as the daemon does, and its search index."""
    from twisted_chat.chat.events import Event, Kind  # noqa: PLC0415
    from twisted_chat.store.interface import Query  # noqa: PLC0415
    from twisted_chat.store.sqlite import SQLiteStore  # noqa: PLC0415

    store = SQLiteStore(str(path), lambda function, *args: function(*args))
    store.feed = lambda events: None
    store.open()
    try:
        begin = int(time.time() * 1000) - messages * 100
        events: list[Event] = []
        for number, text in enumerate(texts(messages)):
            events.append(Event(Kind.MESSAGE, begin + number * 100, ROOM, f"user{number % 50}", text=text))
            if len(events) == STEP:
                _wait(store.append(events))
                events = []
        if events:
            _wait(store.append(events))
        _wait(store.read(Query([ROOM], 1, words=[COMMON])))  # a search brings its index up to date
    finally:
        _wait(store.close())


def _wait(deferred: Any) -> Any:
    """The result of a Deferred that another thread fires."""
    done = threading.Event()
    answers: list[Any] = []

    def finish(answer: Any) -> None:
        answers.append(answer)
        done.set()

    deferred.addBoth(finish)
    if not done.wait(600):
        raise TimeoutError("the store does not answer")
    if hasattr(answers[0], "raiseException"):
        answers[0].raiseException()
    return answers[0]


_filled: dict[int, Path] = {}


@contextlib.contextmanager
def filled(messages: int) -> Iterator[Path]:
    """A folder with a copy of the database with such a history; that is made once in a process."""
    base = _filled.get(messages)
    if base is None:
        base = _filled[messages] = Path(tempfile.mkdtemp(prefix="bench-history-"))
        fill(database(base), messages)
    with tempfile.TemporaryDirectory(prefix="bench-history-") as folder:
        shutil.copytree(base, folder, dirs_exist_ok=True)
        yield Path(folder)


def forget() -> None:
    """Remove the databases."""
    while _filled:
        shutil.rmtree(_filled.popitem()[1], ignore_errors=True)


class Visitor:
    """A client of the line protocol that waits for what it asked for."""

    def __init__(self, port: int, name: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._question = self._socket.recv(len(b"Login Id: "))
        self.name = name

    def say(self, line: str) -> None:
        self._said = line
        self._socket.sendall(line.encode() + b"\n")

    def read_until(self, wanted: Callable[[bytes], bool]) -> bytes:
        try:
            while line := self._file.readline():
                if wanted(line):
                    return line
        except TimeoutError:
            raise LoadFailed(f"{self.name} did not get all of the answer to {self._said!r}") from None
        raise LoadFailed(f"the server closed the connection of {self.name}")

    def login(self, replayed: int) -> float:
        """Seconds until the last of so many replayed lines is here."""
        started = time.perf_counter()
        self.say(self.name)
        for _ in range(replayed):
            self.read_until(lambda line: line.startswith(b"~ "))
        return time.perf_counter() - started

    def ask(self, command: str, answer: str) -> tuple[float, dict[str, Any]]:
        """Seconds until the JSON answer of this type, and the answer."""
        started = time.perf_counter()
        self.say(command)
        mark = f'"type":"{answer}"'.encode()
        line = self.read_until(lambda line: mark in line)
        return time.perf_counter() - started, json.loads(line)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def questions(messages: int) -> dict[str, Sequence[str]]:
    """The commands of each metric; no one is asked twice where a second answer could be cheaper."""
    rare = [f"rare{n}" for n in range(50_000, messages, 100_000)] or [word(7)]
    return {
        "search_rare_ms": [f"/search {w}" for w in rare],
        "search_common_ms": [f"/search {COMMON}"] * TRIES,
        "search_two_ms": [f"/search {COMMON} {FREQUENT}"] * TRIES,
        "search_none_ms": [f"/search nothing{n}" for n in range(TRIES)],
        "history_ms": ["/history 20"] * TRIES,
        "history_old_ms": [f"/history 100 before {messages // 2 - 100 * n}" for n in range(TRIES)],
    }


def measure(peer: Peer, messages: int = MESSAGES) -> Values:
    """One run: start it with a long history, and visit it."""
    server_core, _ = cores()
    with filled(messages) as folder:
        values = _starts(peer, server_core, folder)
        with Server(peer, server_core, folder) as server:
            return values | _visits(server, messages)


def _starts(peer: Peer, core: int | None, folder: Path) -> Values:
    """How long it takes until a client is greeted, beside a service of twistd's that does nothing else. All in turn;
    the first round, in which Python compiles what it has not compiled before, does not count."""
    rounds = []
    for _ in range(STARTS + 1):
        round_ = []
        for server in (Server(peer, core, folder), Server(peer, core), Server(EMPTY, core)):
            with server:
                visitor = Visitor(server.port, "")
                round_.append((time.monotonic() - server.started) * 1e3)
                visitor.close()
        rounds.append(round_)
    full, empty, floor = zip(*rounds[1:], strict=True)
    return {
        "start_ms": median(full),
        "start_empty_ms": median(empty),
        "start_floor_ms": median(floor),
        "start_ours_ms": median(one - other for one, other in zip(full, floor, strict=True)),
    }


def _visits(server: Server, messages: int) -> Values:
    """How long people wait for what they ask it."""
    values: Values = {}
    visitors = [Visitor(server.port, f"visitor{n}") for n in range(TRIES)]
    logins = [visitor.login(min(20, messages)) * 1e3 for visitor in visitors]
    values |= {"join_ms": logins[0], "join_next_ms": median(logins[1:])}
    asking = visitors[0]
    asking.ask("/format json", "format")
    for metric, commands in questions(messages).items():
        kind = "search" if metric.startswith("search") else "history"
        values[metric] = median(asking.ask(command, kind)[0] for command in commands) * 1e3
    for visitor in visitors:
        visitor.close()
    return values
