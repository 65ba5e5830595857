"""Nothing is seen that is not kept: the daemon is killed while a crowd talks."""

import random

from crash_rounds import crash_round
from daemon import Daemon, DaemonCase


class CrashTests(DaemonCase):
    def test_what_was_received_survives_kill(self) -> None:
        self.crash([(0.05, 0.3), (0.3, 0.8)])

    def test_what_was_received_survives_kill_also_when_it_is_not_yet_on_disk(self) -> None:
        self.crash([(0.3, 0.8)], "--sync", "second")

    def crash(self, moments: list[tuple[float, float]], *options: str) -> None:
        daemon = Daemon(self.folder, *options)
        self.addCleanup(daemon.kill)
        history: list[str] = []
        for number, (earliest, latest) in enumerate(moments, 1):
            result, history = crash_round(daemon, number, random.uniform(earliest, latest), history)
        self.assertGreater(result.received, 100)
        self.assertGreater(len(history), 10)
