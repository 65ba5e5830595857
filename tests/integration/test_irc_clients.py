"""IRC clients that people use, in the same room as netcat."""

from __future__ import annotations

import shutil

from daemon import LOCAL, Client, DaemonCase
from irc_programs import MISSING_PEXPECT, IRCProgram, Irssi, WeeChat, see
from people import newcomer
from tls_support import Made, client_context, make
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
        bob.type("she is out")
        bob.until("[robert] she is out")
        ann.type(None, "/join #dev")
        bob.until("user [ann] has entered the room")
        # What was said meanwhile.
        see(ann, "she is out")
        bob.type("welcome back")
        see(ann, "welcome back")
        ann.type("#dev", "/quit that was it")
        bob.until("user [ann] left the room (Quit: that was it)")
        self.assertNotIn(PASSWORD, daemon.log())
        self.assertNotIn("Traceback", daemon.log())


class CertificateTests(DaemonCase):
    def test_a_certificate_instead_of_the_password(self) -> None:
        server, mine, other = (make(self.folder, name) for name in ("server", "mine", "other"))
        irc = f"tls:0:cert={server.cert_file}:key={server.key_file}:interface=127.0.0.1"
        daemon = self.daemon("--irc", irc)

        def secure(shown: Made | None) -> Client:
            client = self.client(daemon.addresses[1])
            client.socket = client_context(shown).wrap_socket(client.socket)
            client.send("CAP LS 302", "CAP REQ sasl")
            client.until("ACK :sasl")
            return client

        ann = secure(mine)
        ann.send("NICK ann", "USER a 0 * :Ann", "CAP END", f"NS REGISTER {PASSWORD}", "NS CERT ADD", "QUIT")
        ann.until(f"The certificate {mine.fingerprint} opens your account now.")
        ann.rest()
        ann = secure(mine)
        ann.send("AUTHENTICATE EXTERNAL", "AUTHENTICATE +", "NICK somebody", "USER a 0 * :Ann", "CAP END")
        ann.until(" 903 ")
        ann.until(" 001 ann ")
        for shown in (other, None):
            eve = secure(shown)
            eve.send("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
            eve.until(" 904 ")
        self.assertNotIn("Traceback", daemon.log())


class ClientTests(ClientCase):
    def test_irssi(self) -> None:
        self.meet(Irssi)

    def test_weechat(self) -> None:
        self.meet(WeeChat)
