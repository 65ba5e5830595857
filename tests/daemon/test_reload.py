"""Reading files again while the daemon runs: what holds at once, what waits, and what is wrong changes nothing."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import twisted.internet
from tls_support import make
from twisted.internet import reactor  # noqa: F401  # there is one to be patched
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat import tap
from twisted_chat.chat.addresses import Networks
from twisted_chat.daemon import reload as reloading


class ReloadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="twisted-chat-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.patch(sys, "__stderr__", io.StringIO())
        self.reactor: Any = MemoryReactorClock()
        self.reactor.callFromThread = lambda function, *arguments: function(*arguments)
        self.patch(twisted.internet, "reactor", self.reactor)
        self.file, self.motd = self.folder / "chat.toml", self.folder / "motd"
        self.made = make(self.folder, "server")
        self.motd.write_text("Welcome.\n")

    def make(self, text: str) -> Any:
        self.file.write_text(text)
        options = tap.Options()
        line = f"tls:9010:cert={self.made.cert_file}:key={self.made.key_file}"
        options.parseOptions(
            ["--config", str(self.file), "--motd", str(self.motd), "--database", ":memory:", "--line", line]
        )
        return tap.makeService(options)

    def test_the_message_of_the_day_is_another_for_those_who_come(self) -> None:
        service = self.make("")
        chat = service._chat
        self.assertEqual(chat.motd, "Welcome.")
        self.motd.write_text("Down at noon.\n")
        self.assertIn("the message of the day is changed", chat.rehash())
        self.assertEqual(chat.motd, "Down at noon.")
        self.motd.unlink()
        self.assertIn("cannot read the message of the day", "\n".join(chat.rehash()))
        self.assertEqual(chat.motd, "Down at noon.")

    def test_options_hold_at_once(self) -> None:
        service = self.make("")
        chat, ((_, _, factory),) = service._chat, service._listeners
        self.file.write_text('guests = false\nregistration = false\nname = "new"\nkeep = 7\nsend-queue = 99\n')
        told = chat.rehash()
        for name in ("guests", "registration", "name", "keep", "send-queue"):
            self.assertIn(f"{name} is changed", told)
        self.assertEqual(
            (chat.guests, chat.registration, chat.server, service._housekeeping.keep.events),
            (False, False, "new", 7),
        )
        self.assertEqual(factory.gate.limits.send_queue, 99)
        self.file.write_text("")
        chat.rehash()
        self.assertEqual((chat.guests, chat.registration, chat.server), (True, True, "chat"))
        self.assertIsNone(service._housekeeping.keep)

    def test_irc_offers_what_can_be_done_now(self) -> None:
        service = self.make('irc = ["tcp:6667"]\nregistration = false\n')
        (factory,) = (factory for _, _, factory in service._listeners if factory.name == "irc")
        offered = []
        for said in ("", "registration = false\n", "guests = false\n", ""):
            offered.append("draft/account-registration" in factory.offered)
            self.file.write_text('irc = ["tcp:6667"]\n' + said)
            service._chat.rehash()
        offered.append("draft/account-registration" in factory.offered)
        self.assertEqual(offered, [False, True, False, False, True])

    def test_limits_hold_at_once(self) -> None:
        service = self.make("")
        ((_, _, factory),) = service._listeners
        said = ['flood = "off"', "max-rooms = 7", "ping = 5", 'trusted = "192.0.2.1"', 'webirc = ["x@192.0.2.2"]']
        self.file.write_text("\n".join(said))
        told = service._chat.rehash()
        self.assertEqual(len([line for line in told if line.endswith("is changed")]), 5, told)
        limits = factory.gate.limits
        self.assertEqual((limits.flood, limits.rooms, limits.silence), (None, 7, 5))
        self.assertEqual((limits.trusted, len(limits.gateways)), (Networks("192.0.2.1"), 1))
        self.assertEqual(service._chat.max_rooms, 7)
        self.file.write_text('flood = "fast"\nmax-rooms = 8\n')
        told = "\n".join(service._chat.rehash())
        self.assertIn("--flood: fast: not off", told)
        self.assertEqual(factory.gate.limits.rooms, 8)

    def test_what_cannot_change_now_is_named(self) -> None:
        chat = self.make("")._chat
        self.file.write_text('irc = ["tcp:6667"]\n')
        self.assertIn("irc changes at the next start", chat.rehash())

    def test_a_value_that_cannot_be_changes_nothing_of_its_own(self) -> None:
        service = self.make("")
        self.file.write_text('guests = "perhaps"\nkeep = "for ever"\nname = "new"\n')
        told = "\n".join(service._chat.rehash())
        self.assertIn("--guests is yes or no, not perhaps; it stays as it was", told)
        self.assertIn("--keep: for ever: ", told)
        self.assertEqual((service._chat.guests, service._housekeeping.keep, service._chat.server), (True, None, "new"))

    def test_a_file_that_cannot_be_used_changes_no_option_but_the_rest_goes_on(self) -> None:
        service = self.make("")
        self.file.write_text('name = "new"\ncolour = "red"\n')
        self.motd.write_text("Down at noon.\n")
        told = "\n".join(service._chat.rehash())
        self.assertIn("'colour': there is no such option; no option is changed", told)
        self.assertEqual((service._chat.server, service._chat.motd), ("chat", "Down at noon."))

    def test_certificates_are_loaded(self) -> None:
        service = self.make("")
        (certificates,) = service._reload._certificates
        before = certificates._context
        self.assertIn(f"{self.made.cert_file} is loaded", service._chat.rehash())
        self.assertIsNot(certificates._context, before)
        self.made.cert_file.write_text("broken")
        self.assertIn("the old certificate stays in use", "\n".join(service._chat.rehash()))

    def test_certificates_that_have_changed_are_found_without_being_asked_and_for_ever(self) -> None:
        service = self.make("")
        (certificates,) = service._reload._certificates
        service._reload.start()
        self.addCleanup(service._reload.stop)
        before = certificates._context
        self.reactor.advance(reloading.LOOK_EVERY)
        self.assertIs(certificates._context, before)
        self.patch(certificates, "changed", lambda: 1 / 0)
        self.reactor.advance(reloading.LOOK_EVERY)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        del certificates.changed
        make(self.folder, "server")
        self.reactor.advance(reloading.LOOK_EVERY)
        self.assertIsNot(certificates._context, before)

    def test_the_log_warns_before_a_certificate_ends_once_a_day(self) -> None:
        service = self.make("")
        (certificates,) = service._reload._certificates
        said: list[str] = []
        observer = lambda event: said.append(formatEvent(event))  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.reactor.advance(certificates.expires - 3 * 86400)
        service._reload.start()
        self.addCleanup(service._reload.stop)
        self.reactor.pump([3600.0] * 30)
        self.assertEqual(said[0], f"{self.made.cert_file} expires in 3.0 days")
        self.assertEqual(len(said), 2)
