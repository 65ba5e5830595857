"""SIGTERM ends cleanly: everything accepted is kept, everyone gets a last line."""

import time

from crowd import Talker, check_kept, run, said
from daemon import DaemonCase, connect

LAST = "-- The server is going down. Goodbye."


class StopTests(DaemonCase):
    def test_last_line_and_status(self) -> None:
        daemon = self.daemon()
        kim, guest = self.client(daemon, "kim"), self.client(daemon)
        guest.until("Login Id: ")
        kim.send("/join #dev", "a last word")
        kim.until("[kim] a last word\n")
        daemon.terminate()
        self.assertEqual(kim.rest(), LAST + "\n")
        self.assertEqual(guest.rest(), LAST + "\n")
        self.assertEqual(daemon.wait(), 0)
        self.assertNotIn("Traceback", daemon.log())
        self.assertFalse((self.folder / "chat.sqlite-wal").exists(), "the database was not closed")
        daemon.start()
        bob = self.client(daemon, "bob")
        bob.send("/join #dev")
        bob.read()
        self.assertEqual(
            bob.history(),
            [
                "user [kim] has entered the room",
                "[kim] a last word",
                "user [kim] left the room",
                "user [bob] has entered the room",
            ],
        )

    def test_under_load_and_with_one_who_does_not_read(self) -> None:
        daemon = self.daemon("--send-queue", "900000000")
        deaf = self.client(connect(daemon.address, receive_buffer=4096))
        deaf.until("Login Id: ")
        deaf.send("deaf")
        talkers = [Talker(daemon.address, f"c{i:02}", "x" * 1000) for i in range(20)]
        for talker in talkers:
            self.addCleanup(talker.socket.close)
        # More than the system takes for the one who does not read.
        run(talkers, lambda: sum(t.back for t in talkers) > 8000)
        self.assertNotIn("cut off", daemon.log())
        daemon.terminate()
        began = time.monotonic()
        run(talkers, lambda: False)
        self.assertEqual(daemon.wait(), 0)
        self.assertLess(time.monotonic() - began, 15)
        self.assertNotIn("Traceback", daemon.log())
        self.assertIn("stopping: has waited 5", daemon.log())
        for talker in talkers:
            self.assertEqual(talker.lines()[-1], LAST)
        daemon.start()
        everything = self.client(daemon, "reader").history()
        check_kept(talkers, said(everything))
        for name in ("deaf", *(talker.name for talker in talkers)):
            self.assertIn(f"user [{name}] left the room", everything)
