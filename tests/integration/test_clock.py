"""The system's clock is put back by an hour while the daemon runs."""

import os
import signal

from daemon import Daemon, DaemonCase

# Read by Python before anything else: SIGUSR2 puts the clock back.
CLOCK = """
import signal, time
behind, tell = [0], time.time
signal.signal(signal.SIGUSR2, lambda *_: behind.append(behind[-1] + 3600))
time.time = lambda: tell() - behind[-1]
"""


class ClockTests(DaemonCase):
    def test_whoever_waits_then_does_not_wait_an_hour_longer(self) -> None:
        (self.folder / "sitecustomize.py").write_text(CLOCK)
        daemon = Daemon(self.folder, "--flood", "2/2")
        self.addCleanup(daemon.kill)
        path = daemon.environment.get("PYTHONPATH", "")
        daemon.environment["PYTHONPATH"] = os.pathsep.join([str(self.folder), *([path] if path else [])])
        daemon.start()
        kim = self.client(daemon, "kim")
        # More than may come at once: a timer runs until the rest is taken.
        kim.send(*(f"{number}" for number in range(6)))
        kim.until("[kim] 0\n")
        os.kill(daemon.pid, signal.SIGUSR2)
        kim.until("[kim] 5\n")
        kim.send("still here")
        kim.until("[kim] still here\n")
