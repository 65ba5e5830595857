"""IRC clients that people use, in the same room as netcat."""

from __future__ import annotations

import shutil

from daemon import LOCAL, DaemonCase, wait_for
from irc_programs import MISSING_PEXPECT, IRCProgram, Irssi, WeeChat, see
from people import newcomer
from twisted.trial.unittest import SkipTest

PASSWORD = "correct-horse"


class ClientCase(DaemonCase):
    def meet(self, program: type[IRCProgram]) -> None:
        """An IRC client and netcat meet in a room, and each sees what the other does."""
        for needed in (program.needs, "nc"):
            if shutil.which(needed) is None:
                raise SkipTest(f"{needed} is not installed")
        if program is Irssi and MISSING_PEXPECT:
            raise SkipTest(MISSING_PEXPECT)
        daemon = self.daemon("--irc", LOCAL)
        line, irc = daemon.addresses
        newcomer(daemon, "ann", PASSWORD).close()
        bob = self.program("nc", str(line[0]), str(line[1]))
        bob.until("Login Id: ")
        bob.type("bob")
        bob.until("/help lists the commands.")
        bob.type("/join #dev")
        bob.type("/topic All about tests")
        bob.until("set the topic")

        ann = program(self.folder, irc, "ann", PASSWORD)
        self.addCleanup(ann.kill)
        # It has asked for another nick, and is who it has shown to be.
        see(ann, "ann!")
        ann.type(None, "/join #dev")
        bob.until("user [ann] has entered the room")
        see(ann, "All about tests")
        bob.type("/whois ann")
        bob.until("Logged in to that account")

        ann.type("#dev", "good morning, netcat ☀")
        bob.until("[ann] good morning, netcat ☀")
        ann.type("#dev", "/me waves")
        bob.until("* ann waves")
        bob.type("good morning, IRC ☀")
        see(ann, "good morning, IRC ☀")
        bob.type("/me nods")
        see(ann, "bob nods")

        bob.type("/nick robert")
        see(ann, "robert")
        bob.type("/kick ann time for tea")
        see(ann, "time for tea")
        bob.until("was kicked")
        ann.type(None, "/join #dev")
        bob.until("user [ann] has entered the room")
        bob.type("welcome back")
        see(ann, "welcome back")
        said = ann.shown()
        ann.type("#dev", "/quote HISTORY 20")
        see_again = said.count("good morning, IRC")
        self.until_more(ann, "good morning, IRC", see_again)
        ann.type("#dev", "/quit that was it")
        bob.until("user [ann] left the room (Quit: that was it)")
        self.assertNotIn(PASSWORD, daemon.log())
        self.assertNotIn("Traceback", daemon.log())

    def until_more(self, program: IRCProgram, text: str, before: int) -> None:
        """Wait until a program shows a text more often than before."""
        wait_for(lambda: program.shown().count(text) > before, f"shown once more: {text}")


class ClientTests(ClientCase):
    def test_irssi(self) -> None:
        self.meet(Irssi)

    def test_weechat(self) -> None:
        self.meet(WeeChat)
