"""Kill the daemon at random moments while a crowd talks, and look whether anything that was received is lost.

python tests/integration/crash_rounds.py --rounds 20
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from crowd import Talker, check_kept, run, said
from daemon import Client, Daemon

CROWD = 50


class Round(NamedTuple):
    """@ivar after: the moment of the kill, in seconds from when the clients began to connect.
    @ivar received: lines that clients received, in all.
    @ivar kept: lines of this round in the log.
    """

    after: float
    received: int
    kept: int


def crash_round(daemon: Daemon, number: int, after: float, before: list[str]) -> tuple[Round, list[str]]:
    """Start, talk, kill, start, and compare.

    @param after: when to kill.
    @param before: what the history said at the end of the last round.
    @return: the figures, and what the history says now.
    @raise AssertionError: something is not as it should be.
    """
    daemon.start()
    talkers = [Talker(daemon.address, f"c{i:02}", f"said in round {number}") for i in range(CROWD)]
    try:
        moment = time.monotonic() + after
        run(talkers, lambda: time.monotonic() >= moment)
        daemon.kill()
        run(talkers, lambda: False)
    finally:
        for talker in talkers:
            talker.socket.close()
    daemon.start()
    reader = Client(daemon.address, "reader")
    history = said(reader.history())
    reader.close()
    daemon.kill()
    received = check_kept(talkers, history)
    assert history[: len(before)] == before, "the history of the rounds before has changed"
    new = history[len(before) :]
    for talker in talkers:
        mark = f"[{talker.name}] "
        own = [line.removeprefix(mark) for line in new if line.startswith(mark)]
        assert own == [f"{i} said in round {number}" for i in range(len(own))], f"not what {talker.name} said: {own}"
        assert talker.back <= len(own) <= talker.said, f"{talker.name} said {talker.said} lines, {len(own)} are kept"
    return Round(after, received, len(new)), history


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="how many times to kill it (default: 20)")
    parser.add_argument("--sync", default="commit", help="as the daemon's --sync (default: commit)")
    parser.add_argument("--longest", type=float, default=1.5, help="let them talk so long at most (default: 1.5 s)")
    parser.add_argument("--seed", type=int, default=None, help="for the same moments again")
    options = parser.parse_args()
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    moments = random.Random(seed)
    print(f"{options.rounds} rounds, {CROWD} clients, seed {seed}")
    received = 0
    history: list[str] = []
    with tempfile.TemporaryDirectory(prefix="chat-crash-") as folder:
        daemon = Daemon(Path(folder), "--sync", options.sync)
        try:
            for number in range(1, options.rounds + 1):
                result, history = crash_round(daemon, number, moments.uniform(0.02, options.longest), history)
                received += result.received
                print(
                    f"round {number:2}: killed after {result.after:.3f} s; {result.received} lines received,"
                    f" {result.kept} in the log: all there, in order, once",
                    flush=True,
                )
        finally:
            daemon.kill()
    print(f"{options.rounds} rounds: {received} lines received, {len(history)} in the log, none lost")


if __name__ == "__main__":
    main()
