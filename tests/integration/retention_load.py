"""Prune a log while a crowd talks, and look what that does to the time that the daemon takes to answer.

python tests/integration/retention_load.py --keep 1000
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from pathlib import Path

from crowd import Talker, run
from daemon import Daemon, add_folder
from people import Pulse


def measure(folder: Path, keep: str | None, people: int, seconds: float, backlog: int) -> None:
    """Fill a log, start on it with what is to be kept, let people talk, and print how long a /ping takes."""
    daemon = Daemon(folder)
    daemon.start()
    try:
        filler = Talker(daemon.address, "filler", "fills the log with words", limit=backlog)
        run([filler], lambda: filler.back >= backlog, 120)
        filler.socket.close()
    finally:
        daemon.kill()
    with sqlite3.connect(folder / "chat.sqlite") as db:
        db.execute("UPDATE event SET time = time - 2 * 3600000")
    db.close()
    if keep is not None:
        daemon.command += ["--keep", keep]
    daemon.start()
    # Few ahead: a steady talk, not all that the machine can do.
    talkers = [Talker(daemon.address, f"t{i:02}", "is said meanwhile", ahead=1) for i in range(people)]
    try:
        with Pulse(daemon, "pulse") as pulse:
            end = time.monotonic() + seconds
            run(talkers, lambda: time.monotonic() > end, seconds * 2)
    finally:
        for talker in talkers:
            talker.socket.close()
        daemon.kill()
    with sqlite3.connect(folder / "chat.sqlite") as db:
        (left,) = db.execute("SELECT count(*) FROM event").fetchone()
        (old,) = db.execute("SELECT count(*) FROM event WHERE time < ?", ((time.time() - 3600) * 1000,)).fetchone()
    db.close()
    said = sum(talker.back for talker in talkers)
    print(f"--keep {keep}: {said} said by {people}; {left} events left, {old} older than an hour; {pulse}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", nargs="+", default=["1000", "1h"], help="(default: 1000 1h)")
    parser.add_argument("--people", type=int, default=10, help="who talk (default: 10)")
    parser.add_argument("--seconds", type=float, default=15.0, help="(default: 15)")
    parser.add_argument("--backlog", type=int, default=30_000, help="events to be pruned (default: 30000)")
    add_folder(parser)
    options = parser.parse_args()
    for keep in (None, *options.keep):
        with tempfile.TemporaryDirectory(prefix="chat-keep-", dir=options.folder) as folder:
            measure(Path(folder), keep, options.people, options.seconds, options.backlog)


if __name__ == "__main__":
    main()
