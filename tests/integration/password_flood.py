"""Try wrong passwords from many addresses, as fast as they are answered, and look what it does to everyone else.

python tests/integration/password_flood.py --attempts 10000 --addresses 100
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import selectors
import socket
import time
from dataclasses import dataclass, field

from daemon import PATIENCE, Address, Daemon, add_folder, temporary
from people import Person, Pulse, connect_from, newcomer

PASSWORD = "the-right-one"
KNOWN = "127.0.1.2"
LONGEST = 300.0


class Guesser:
    """One connection that tries passwords."""

    def __init__(self, address: Address, source: str, name: str) -> None:
        self.name = name
        self._guesses = 0
        self._received = b""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((source, 0))
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        self.socket.setblocking(False)

    def step(self) -> tuple[int, int]:
        """Read, and answer the prompt. @return: how many guesses were wrong, and how many were not let through."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the daemon has closed the connection of someone who guesses")
        self._received += data
        wrong = len(re.findall(rb"!! Wrong name or password", self._received))
        refused = len(re.findall(rb"!! Too many", self._received))
        if self._received.endswith(b"Login Id: "):
            self.socket.send(self.name.encode() + b"\n")
            self._received = b""
        elif self._received.endswith(b"Password: "):
            self._guesses += 1
            self.socket.send(b"guess %d of many\n" % self._guesses)
            self._received = b""
        else:
            return 0, 0
        return wrong, refused


def attack(
    address: Address, attempts: int, addresses: int, connections: int, names: list[str], results: object
) -> None:
    """Guess, in a process of its own. The result is how many were wrong, how many were not let through, and how long
    it took."""
    os.nice(5)
    guessers = [
        Guesser(address, f"127.0.0.{2 + i % addresses}", names[i % len(names)]) for i in range(addresses * connections)
    ]
    wrong = refused = 0
    begin = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for guesser in guessers:
            selector.register(guesser.socket, selectors.EVENT_READ, guesser)
        while wrong + refused < attempts and time.perf_counter() < begin + LONGEST:
            for key, _ in selector.select(0.5):
                more = key.data.step()
                wrong, refused = wrong + more[0], refused + more[1]
    results.put((wrong, refused, time.perf_counter() - begin))  # type: ignore[attr-defined]
    for guesser in guessers:
        guesser.socket.close()


@dataclass
class Logins:
    """@ivar other: how long logging in to accounts that nobody attacks took, each time, in seconds.
    @ivar attacked: the same of an account that is attacked, from an address that was there before.
    """

    other: list[float] = field(default_factory=list)
    attacked: list[float] = field(default_factory=list)


@dataclass
class Outcome:
    """@ivar wrong, refused: guesses that were checked, or would have been; and those that were not let through.
    @ivar took: seconds.
    """

    wrong: int
    refused: int
    took: float
    before: Pulse
    during: Pulse
    logins: Logins

    def __str__(self) -> str:
        lines = [
            f"{self.wrong + self.refused} guesses in {self.took:.1f} s: {self.wrong} wrong, {self.refused} put off",
            f"before: {self.before}",
            f"during: {self.during}",
        ]
        for what, times in (("other accounts", self.logins.other), ("the attacked account", self.logins.attacked)):
            shown = f"longest {max(times) * 1000:.0f} ms, mean {sum(times) / len(times) * 1000:.0f} ms" if times else ""
            lines.append(f"logins to {what}: {len(times)}, {shown}")
        return "\n".join(lines)


def flood(daemon: Daemon, attempts: int, addresses: int = 100, connections: int = 1, accounts: int = 1) -> Outcome:
    """Attack a daemon, and log in meanwhile.

    @param accounts: how many accounts are attacked.
    """
    names = [f"victim{i}" for i in range(accounts)]
    honest = [f"honest{i}" for i in range(5)]
    # Each from an address of their own: one address may not make many accounts in a row.
    for number, name in enumerate(honest + names):
        newcomer(daemon, name, PASSWORD, f"127.0.3.{1 + number % 250}").close()
    log_in(daemon, names[0], KNOWN)
    with Pulse(daemon, "pulse") as before:
        time.sleep(0.5)
    results: multiprocessing.Queue[tuple[int, int, float]] = multiprocessing.Queue()
    process = multiprocessing.get_context("fork").Process(
        target=attack, args=(daemon.address, attempts, addresses, connections, names, results)
    )
    logins = Logins()
    with Pulse(daemon, "pulse") as during:
        process.start()
        number = 0
        while process.is_alive() and results.empty():
            # Each time from an address that the daemon has not seen.
            logins.other.append(log_in(daemon, honest[number % len(honest)], f"127.0.2.{1 + number % 250}"))
            logins.attacked.append(log_in(daemon, names[0], KNOWN))
            number += 1
        wrong, refused, took = results.get(timeout=PATIENCE)
    process.join()
    return Outcome(wrong, refused, took, before, during, logins)


def log_in(daemon: Daemon, name: str, source: str) -> float:
    """@return: how long it took, in seconds."""
    begin = time.perf_counter()
    person = Person(connect_from(source, daemon.address))
    person.enter(name, PASSWORD)
    took = time.perf_counter() - begin
    person.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=10_000, help="(default: 10000)")
    parser.add_argument("--addresses", type=int, default=100, help="from so many, 250 at most (default: 100)")
    parser.add_argument("--connections", type=int, default=5, help="of each address (default: 5)")
    add_folder(parser)
    options = parser.parse_args()
    for accounts in (1, 200):
        with temporary(folder=options.folder) as daemon:
            outcome = flood(daemon, options.attempts, options.addresses, options.connections, accounts)
        print(f"{accounts} attacked, from {options.addresses} addresses with {options.connections} connections each:")
        print(outcome, flush=True)


if __name__ == "__main__":
    main()
