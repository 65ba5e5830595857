"""Metrics and health of a running daemon, and how it tells systemd."""

import re
import socket
import urllib.request

from daemon import LOCAL, PATIENCE, Daemon, DaemonCase, wait_for


class MetricsTests(DaemonCase):
    def test_numbers_are_served_on_an_endpoint_of_their_own(self) -> None:
        daemon = self.daemon("--metrics", LOCAL)
        found = re.search(r"metrics at (\S+)", daemon.log())
        assert found is not None
        kim = self.client(daemon, "kim")
        kim.send("hello")
        kim.until("[kim] hello\n")

        def ask(path: str) -> str:
            with urllib.request.urlopen(f"http://{found[1]}{path}", timeout=PATIENCE) as answer:
                text: str = answer.read().decode()
                return text

        text = ask("/metrics")
        self.assertIn('twisted_chat_connections{protocol="line"} 1.0\n', text)
        self.assertRegex(text, r"\ntwisted_chat_commit_seconds_count [2-9]")
        self.assertIn("\nprocess_open_fds ", text)
        self.assertEqual(ask("/health"), "ok\n")
        self.assertNotIn("GET /metrics", daemon.log())
        self.assertNotIn("hello", text)
        daemon.terminate()
        self.assertEqual(daemon.wait(), 0)


class NotifyTests(DaemonCase):
    def test_systemd_is_told_when_it_is_up_reloads_and_stops(self) -> None:
        address = f"{self.folder}/notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.bind(address)
            listening.settimeout(PATIENCE)
            daemon = Daemon(self.folder)
            self.addCleanup(daemon.kill)
            daemon.environment |= {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000"}
            daemon.start()
            self.assertEqual(listening.recv(100), b"READY=1")
            # Its reactor lives.
            self.assertEqual(listening.recv(100), b"WATCHDOG=1")
            assert daemon.process is not None
            daemon.process.send_signal(1)
            told = [listening.recv(100)]
            while told[-1] != b"READY=1":
                told.append(listening.recv(100))
            self.assertTrue(any(one.startswith(b"RELOADING=1\nMONOTONIC_USEC=") for one in told))
            daemon.terminate()
            while told[-1] != b"STOPPING=1":
                told.append(listening.recv(100))
            self.assertEqual(daemon.wait(), 0)
        wait_for(lambda: "Server Shut Down" in daemon.log(), "the end of the log")
