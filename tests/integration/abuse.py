"""Abuse the daemon, and look what it does to everyone else: connections that come and go, that never log in, and one
that sends as fast as it can.

python tests/integration/abuse.py --drops 20000 --half-open 5000 --people 500
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from crowd import Talker
from daemon import PATIENCE, Address, Client, Daemon, add_folder, temporary, wait_for
from people import Pulse, connect_from

#: What one that sends as fast as it can sends, over and over.
FLOODS = {
    "one-byte lines": b"x\n" * 4096,
    "long lines": (b"x" * 4000 + b"\n") * 16,
    "/history": b"/history 10000\n" * 100,
    "/search": b"/search hello\n" * 100,
}
#: Only this address is trusted, so that all others meet the limits by address; and others that the attackers have.
TRUSTED = ("--trusted", "127.0.0.1")
PULSES = 12
FORK = multiprocessing.get_context("fork")


@dataclass
class Left:
    """What is left of those who are gone: how much more than before, of memory in bytes."""

    memory: int
    descriptors: int

    def __str__(self) -> str:
        return f"{self.memory / (1 << 20):+.1f} MiB, {self.descriptors:+d} descriptors"


def drop(address: Address, number: int, first: int = 0) -> None:
    """Connect so often and drop it; one in five after half a line, one in fifty after having been in the room."""
    assert not isinstance(address, str)
    for i in range(first, first + number):
        with socket.create_connection(address) as connection:
            if i % 5 == 0:
                connection.sendall(b"x" * 100)
            elif i % 50 == 1:
                connection.sendall(f"guest{i}\nhello\n".encode())


def drops(daemon: Daemon, number: int, warm: int = 500) -> Left:
    """Connect and drop. @param warm: so many before anything is measured."""
    drop(daemon.address, warm)
    settled = Client(daemon.address, "settled")
    settled.read()
    descriptors, memory = daemon.descriptors(), daemon.memory()
    drop(daemon.address, number, warm)
    # They are taken in the order in which they came: when the last one is greeted, all were.
    last = Client(daemon.address)
    last.until("Login Id: ")
    last.close()
    wait_for(lambda: daemon.descriptors() <= descriptors, "as many descriptors as before")
    settled.read()
    left = Left(daemon.memory() - memory, daemon.descriptors() - descriptors)
    settled.close()
    return left


def half_open(daemon: Daemon, number: int, logins: int = 20) -> list[float]:
    """Have so many connections that never log in, and log in meanwhile. @return: how long that took, in seconds."""
    raise_descriptors()
    opened: list[socket.socket] = []
    times = []
    try:
        for i in range(number):
            connection = connect_from(f"127.1.{i // 50 % 250}.{1 + i % 50}", daemon.address)
            if i % 3 == 0:
                connection.sendall(b"x" * (i % 2000))
            opened.append(connection)
        for i in range(logins):
            begin = time.perf_counter()
            person = Client(connect_from("127.2.0.1", daemon.address))
            person.login(f"honest{i}")
            times.append(time.perf_counter() - begin)
            person.close()
    finally:
        for connection in opened:
            connection.close()
    return times


@dataclass
class Speed:
    """How long others waited for answers, before and while one sent as fast as it could: all in milliseconds.

    @ivar taken: how many lines a second were taken of what it sent.
    """

    before: list[float]
    during: list[float]
    taken: float

    def at(self, share: float) -> tuple[float, float]:
        """Before and during: what this share of the answers took at most."""
        return _at(self.before, share), _at(self.during, share)

    def __str__(self) -> str:
        middle, most = self.at(0.5), self.at(0.99)
        return (
            f"p50 {middle[0]:.1f}, then {middle[1]:.1f} ms; p99 {most[0]:.1f}, then {most[1]:.1f} ms; "
            f"{self.taken:.0f} lines a second taken"
        )


def _at(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def full_speed(daemon: Daemon, people: int, flood: bytes, seconds: float = 5.0) -> Speed:
    """Have so many people, one of whom sends this over and over."""
    with in_process(_listen, daemon.address, people):
        before = _pulse(daemon, seconds)
        with in_process(send_flood, daemon.address, flood):
            begin = time.perf_counter()
            during = _pulse(daemon, seconds)
            took = time.perf_counter() - begin
    witness = Client(daemon.address, "witness")
    said = sum(line.startswith("[attacker] ") for line in witness.history())
    witness.close()
    return Speed(before, during, said / took)


def _pulse(daemon: Daemon, seconds: float) -> list[float]:
    """The times of answers to several people, none of whom asks faster than anyone may."""
    pulses = [Pulse(daemon, f"pulse{i}", 0.11) for i in range(PULSES)]
    for pulse in pulses:
        pulse.__enter__()
    time.sleep(seconds)
    for pulse in pulses:
        pulse.__exit__()
    return [time * 1000 for pulse in pulses for time in pulse.times]


@contextmanager
def in_process(work: Callable[..., None], *args: Any) -> Iterator[None]:
    """Have this done in another process, which says when it has begun."""
    begun = FORK.Event()
    process = FORK.Process(target=work, args=(*args, begun), daemon=True)
    process.start()
    try:
        assert begun.wait(PATIENCE * 3), "it did not begin"
        yield
    finally:
        process.kill()
        process.join()


def _listen(address: Address, people: int, begun: Any) -> None:
    """Be so many people who only listen."""
    raise_descriptors()
    os.nice(5)
    talkers = [Talker(address, f"p{i:04}", limit=0) for i in range(people)]
    greeted: set[Talker] = set()
    with selectors.DefaultSelector() as selector:
        for talker in talkers:
            selector.register(talker.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, talker)
        while True:
            for key, events in selector.select():
                talker = key.data
                if events & selectors.EVENT_WRITE and not talker.send():
                    selector.modify(talker.socket, selectors.EVENT_READ, talker)
                if events & selectors.EVENT_READ and talker.socket.recv(1 << 16) and talker not in greeted:
                    greeted.add(talker)
                    if len(greeted) == people:
                        begun.set()


def send_flood(address: Address, flood: bytes, begun: Any) -> None:
    """Send this over and over, and read what comes."""
    os.nice(5)
    client = Client(address, "attacker")
    client.socket.setblocking(False)
    begun.set()
    left = flood
    with selectors.DefaultSelector() as selector:
        selector.register(client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while True:
            for _, events in selector.select():
                if events & selectors.EVENT_READ and not client.socket.recv(1 << 18):
                    return
                if events & selectors.EVENT_WRITE:
                    left = left[client.socket.send(left) :] or flood


def raise_descriptors() -> None:
    """As many connections as we may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drops", type=int, default=20_000, help="(default: 20000)")
    parser.add_argument("--half-open", type=int, default=5_000, help="(default: 5000)")
    parser.add_argument("--people", type=int, default=500, help="(default: 500)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each flood (default: 10)")
    add_folder(parser)
    options = parser.parse_args()
    with temporary(folder=options.folder) as one:
        print(f"{options.drops} connected and dropped: {drops(one, options.drops)}", flush=True)
    with temporary(*TRUSTED, folder=options.folder) as one:
        memory = one.memory()
        times = half_open(one, options.half_open)
        size = (one.memory("VmHWM") - memory) / options.half_open / 1024
        print(
            f"{options.half_open} that do not log in, {size:.1f} KiB each: "
            f"logging in took {_at(times, 0.5) * 1000:.0f} ms, at most {max(times) * 1000:.0f} ms",
            flush=True,
        )
    # Without flood control only what does not fill the queues of people who are test programs, too.
    for flood, name in [("30/10", name) for name in FLOODS] + [("off", "one-byte lines")]:
        with temporary("--flood", flood, folder=options.folder) as one:
            outcome = full_speed(one, options.people, FLOODS[name], options.seconds)
        print(f"--flood {flood}, {options.people} people, one sends {name}: {outcome}", flush=True)


if __name__ == "__main__":
    main()
