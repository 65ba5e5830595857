"""What systemd is told."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.daemon import systemd


class NotifyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(os, "environ", dict(os.environ))

    def listen(self, address: str) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listening.close)
        listening.settimeout(10)
        listening.bind(address)
        return listening

    def test_a_state_goes_to_the_socket_that_is_named(self) -> None:
        folder = tempfile.mkdtemp(prefix="twisted-chat-test-")
        self.addCleanup(shutil.rmtree, folder)
        abstract = f"twisted-chat-test-{os.getpid()}"
        for address, named in ((f"{folder}/s", f"{folder}/s"), ("\0" + abstract, "@" + abstract)):
            listening = self.listen(address)
            os.environ["NOTIFY_SOCKET"] = named
            systemd.notify("READY=1")
            self.assertEqual(listening.recv(100), b"READY=1")
            systemd.reloading()
            self.assertRegex(listening.recv(100), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")

    def test_without_anyone_who_listens_nothing_happens(self) -> None:
        for address in (None, "", "relative", "/none/socket", "@nobody-is-there"):
            os.environ.pop("NOTIFY_SOCKET", None)
            if address is not None:
                os.environ["NOTIFY_SOCKET"] = address
            systemd.notify("READY=1")

    def test_how_often_the_watchdog_wants_to_hear(self) -> None:
        for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
            os.environ.pop(name, None)
        self.assertIsNone(systemd.watchdog_pause())
        os.environ["WATCHDOG_USEC"] = "30000000"
        self.assertEqual(systemd.watchdog_pause(), 10)
        os.environ["WATCHDOG_PID"] = "1"
        self.assertIsNone(systemd.watchdog_pause())
