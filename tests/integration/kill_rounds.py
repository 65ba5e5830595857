"""Kill the daemon in the middle of registrations, bans, modes, deletions and direct messages; look what is there then.

python tests/integration/kill_rounds.py --rounds 10
"""

from __future__ import annotations

import argparse
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from daemon import PATIENCE, Client, Daemon, temporary
from people import Person, connect, connect_from, done, make_admin, member

PASSWORD = "correct-horse"


@dataclass
class Confirmed:
    """What clients were told is done, over all rounds.

    @ivar registered: names.
    @ivar slow: the last value of the mode that counts, and what may have followed.
    @ivar bans, gbans: masks.
    @ivar deleted: texts that must not be found.
    @ivar direct: numbers of direct messages sent, in order.
    """

    registered: list[str] = field(default_factory=list)
    slow: int = 0
    bans: list[str] = field(default_factory=list)
    gbans: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    direct: list[int] = field(default_factory=list)

    def counts(self) -> str:
        return (
            f"{len(self.registered)} registrations, {self.slow} modes, {len(self.bans)} bans, {len(self.gbans)} of the"
            f" server, {len(self.deleted)} deletions, {len(self.direct)} direct messages"
        )


def prepare(daemon: Daemon) -> None:
    """The accounts and the room that all rounds use."""
    make_admin(daemon.folder, "boss", PASSWORD)
    boss = member(daemon, "boss", PASSWORD)
    boss.ask("/join #rules", "You are now in #rules")
    boss.close()
    for name in ("away", "writer"):
        client = Person(connect(daemon.address), name)
        client.register(PASSWORD)
        client.send("/quit")
        client.rest()


def kill_round(daemon: Daemon, number: int, after: float, confirmed: Confirmed) -> None:
    """Let five people do things, each as fast as they are confirmed; kill; start; and look.

    @param after: when to kill, in seconds.
    @raise AssertionError: something is not as it should be.
    """
    killed = threading.Event()
    failed: list[BaseException] = []

    def until_killed(work: Callable[[Daemon, int, Confirmed], None]) -> None:
        try:
            work(daemon, number, confirmed)
        except (AssertionError, OSError) as error:
            if not killed.is_set():
                failed.append(error)

    workers = [
        threading.Thread(target=until_killed, args=(work,))
        for work in (_register, _set_modes, _ban, _ban_from_server, _delete, _write)
    ]
    for worker in workers:
        worker.start()
    time.sleep(after)
    killed.set()
    daemon.kill()
    for worker in workers:
        worker.join(PATIENCE)
    if failed:
        raise failed[0]
    assert "sound" in done(daemon.folder, "check")
    daemon.start()
    _look(daemon, confirmed)


def _register(daemon: Daemon, number: int, confirmed: Confirmed) -> None:
    for i in range(1_000_000):
        name = f"r{number}n{i}"
        # One address may not make many accounts in a row.
        client = Person(connect_from(f"127.0.{3 + number}.{1 + i % 250}", daemon.address), name)
        client.register(PASSWORD)
        confirmed.registered.append(name)
        client.close()


def _in_rules(daemon: Daemon) -> Person:
    boss = member(daemon, "boss", PASSWORD)
    boss.ask("/join #rules", "You are now in #rules")
    return boss


def _set_modes(daemon: Daemon, number: int, confirmed: Confirmed) -> None:
    boss = _in_rules(daemon)
    while True:
        boss.ask(f"/mode limit {confirmed.slow + 1000}", f"set limit {confirmed.slow + 1000}")
        confirmed.slow += 1


def _ban(daemon: Daemon, number: int, confirmed: Confirmed) -> None:
    boss = _in_rules(daemon)
    # A room has 200 bans at most.
    for i in range(20):
        mask = f"b{number}x{i}"
        boss.ask(f"/ban {mask} spam", f"The ban of {mask} ")
        confirmed.bans.append(mask)


def _ban_from_server(daemon: Daemon, number: int, confirmed: Confirmed) -> None:
    boss = member(daemon, "boss", PASSWORD)
    for i in range(1_000_000):
        mask = f"g{number}x{i}"
        boss.ask(f"/gban {mask} spam", f"{mask} is banned from the server")
        confirmed.gbans.append(mask)


def _delete(daemon: Daemon, number: int, confirmed: Confirmed) -> None:
    boss = member(daemon, "boss", PASSWORD)
    boss.ask("/join #deleted", "You are now in #deleted")
    for i in range(1_000_000):
        text = f"secret{number}x{i}"
        boss.ask(text, f"[boss] {text}")
        boss.send("/history 3 ids")
        id = re.findall(rf"~ (\d+) .*{text}\n", boss.until("-- End of the history"))[-1]
        boss.ask(f"/delete {id}", f"deleted message {id} of [boss]")
        confirmed.deleted.append(text)


def _write(daemon: Daemon, number: int, confirmed: Confirmed) -> None:
    writer = member(daemon, "writer", PASSWORD)
    last = confirmed.direct[-1] + 1000 if confirmed.direct else 0
    for i in range(last, last + 1_000_000):
        writer.ask(f"/msg away direct {i}", f"[writer -> away] direct {i}")
        confirmed.direct.append(i)


def _look(daemon: Daemon, confirmed: Confirmed) -> None:
    listed = {line.split("\t")[0] for line in done(daemon.folder, "accounts").splitlines()}
    lost = [name for name in confirmed.registered if name not in listed]
    assert not lost, f"accounts lost: {lost}"
    # Whoever is an account can log in, also who had no answer yet.
    for name in sorted(listed - {"boss", "away", "writer"})[-2:]:
        member(daemon, name, PASSWORD).close()
    boss = _in_rules(daemon)
    boss.send("/mode")
    modes = boss.until("Modes of #rules: ") + boss.line()
    limit = int((re.findall(r"limit (\d+)", modes) or ["999"])[0])
    assert confirmed.slow + 999 <= limit <= confirmed.slow + 1000, (confirmed.slow, modes)
    confirmed.slow = limit - 999
    boss.send("/bans")
    bans = set(re.findall(r"ban (\S+) for ever, by boss: spam", "\n".join(boss.read())))
    assert bans >= set(confirmed.bans), f"bans lost: {set(confirmed.bans) - bans}"
    for mask in confirmed.gbans[-1:]:
        client = Client(daemon.address)
        client.until("Login Id: ")
        client.send(mask)
        client.until("!! You are banned from this server: spam\nLogin Id: ")
        client.close()
    boss.ask("/join #deleted", "You are now in #deleted")
    left = "\n".join(boss.history())
    found = [text for text in confirmed.deleted if re.search(rf"\b{text}\b", left)]
    assert not found, f"deleted, but there: {found}"
    for text in confirmed.deleted[-2:]:
        boss.ask(f"/search {text}", "Found 0 lines")
    boss.send("/audit 100000")
    audit = boss.until("-- End of the audit log")
    assert len(re.findall(r"delete \d+ in #deleted", audit)) >= len(confirmed.deleted)
    unaudited = [mask for mask in confirmed.bans + confirmed.gbans if f"ban for ever: spam -> {mask}" not in audit
                 and not re.search(rf"ban .*{mask}|{mask}.*ban", audit)]  # fmt: skip
    assert not unaudited, f"not in the audit log: {unaudited}"
    boss.close()


def look_at_direct(daemon: Daemon, confirmed: Confirmed) -> None:
    """All direct messages come, in order, once; and at the next login none of them."""
    away = Person(connect(daemon.address))
    lines = away.enter("away", PASSWORD)
    numbers = [int(n) for n in re.findall(r"\[writer -> away\] direct (\d+)", "\n".join(lines))]
    assert numbers == sorted(set(numbers)), "direct messages in another order, or twice"
    assert set(numbers) >= set(confirmed.direct), f"lost: {sorted(set(confirmed.direct) - set(numbers))}"
    away.send("/quit")
    away.rest()
    away = Person(connect(daemon.address))
    assert "direct" not in "\n".join(away.enter("away", PASSWORD))
    away.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="how many times to kill it, 9 at most (default: 9)")
    parser.add_argument("--sync", default="commit", help="as the daemon's --sync (default: commit)")
    parser.add_argument("--longest", type=float, default=2.0, help="let them work so long at most (default: 2 s)")
    options = parser.parse_args()
    confirmed = Confirmed()
    with temporary("--sync", options.sync) as daemon:
        prepare(daemon)
        for number in range(1, options.rounds + 1):
            after = random.uniform(0.2, options.longest)
            kill_round(daemon, number, after, confirmed)
            print(f"round {number}: killed after {after:.2f} s; so far {confirmed.counts()}: all there", flush=True)
        look_at_direct(daemon, confirmed)
        assert PASSWORD not in daemon.log()
    print("all direct messages came, in order, once")


if __name__ == "__main__":
    main()
