"""People with accounts: what survives the process, what guessing does to others, and which programs can log in."""

from __future__ import annotations

import random
import shutil
import sys

from daemon import Daemon, DaemonCase
from kill_rounds import PASSWORD, Confirmed, kill_round, look_at_direct, prepare
from password_flood import flood
from people import Person, connect, done, make_admin, newcomer


class AccountCase(DaemonCase):
    def register(self, daemon: Daemon, name: str) -> Person:
        person = newcomer(daemon, name, PASSWORD)
        self.addCleanup(person.close)
        return person

    def person(self, daemon: Daemon, name: str) -> Person:
        """Someone with an account, at the first prompt."""
        person = Person(connect(daemon.address))
        self.addCleanup(person.close)
        return person

    def come(self, daemon: Daemon, name: str) -> tuple[Person, list[str]]:
        """@return: someone who has logged in, and what they were shown."""
        person = self.person(daemon, name)
        return person, person.enter(name, PASSWORD)

    def go(self, person: Person) -> None:
        person.send("/quit")
        person.rest()

    def restart(self, daemon: Daemon) -> None:
        daemon.kill()
        self.assertNotIn(PASSWORD, daemon.log())
        self.assertNotIn("Traceback", daemon.log())
        daemon.start()


class KillTests(AccountCase):
    def test_what_was_confirmed_survives(self) -> None:
        daemon = self.daemon()
        prepare(daemon)
        confirmed = Confirmed()
        for number in (1, 2):
            kill_round(daemon, number, random.uniform(0.4, 0.8), confirmed)
        look_at_direct(daemon, confirmed)
        self.assertGreater(len(confirmed.direct), 5)
        self.assertGreater(len(confirmed.gbans), 5)
        self.assertNotIn(PASSWORD, daemon.log())
        self.assertNotIn("Traceback", daemon.log())


class FloodTests(AccountCase):
    """password_flood.py has the large numbers, and limits that hold on a machine of one's own."""

    def test_guessing_delays_nobody_else(self) -> None:
        daemon = self.daemon()
        outcome = flood(daemon, 150, addresses=50, connections=2, accounts=20)
        self.assertLess(max(outcome.logins.other + outcome.logins.attacked), 3.0, str(outcome))
        self.assertLess(outcome.during.at(0.5), 20, str(outcome))
        self.assertNotIn("guess", daemon.log())
        self.assertNotIn("Traceback", daemon.log())


class RestartTests(AccountCase):
    def test_rooms_come_back_with_their_rules(self) -> None:
        daemon = self.daemon()
        make_admin(self.folder, "boss", PASSWORD)
        kim, bob = self.register(daemon, "kim"), self.register(daemon, "bob")
        for person in (kim, bob):
            person.ask("/join #dev", "You are now in #dev")
        kim.ask("/topic what breaks", "set the topic: what breaks")
        kim.ask("/op bob", "set op for [bob]")
        for mode in ("key sesame", "slow 30", "limit 7", "secret on", "topic-ops on"):
            kim.ask(f"/mode {mode}", f"set {mode.split()[0]}")
        kim.ask("/ban eve 2h rude", "The ban of eve ")
        kim.ask("/ban 192.0.2.0/24", "The ban of 192.0.2.0/24 ")
        kim.ask("/mute spam* 1h", "The mute of spam* ")
        kim.ask("keep this", "[kim] keep this")
        kim.ask(f"/pin {kim.ids()['[kim] keep this']}", "set pin")
        boss, _ = self.come(daemon, "boss")
        boss.ask("/ban pest", "The ban of pest in #lobby")
        boss.ask("/gban worse", "worse is banned from the server")
        for person in (kim, bob, boss):
            self.go(person)
        self.restart(daemon)

        kim, shown = self.come(daemon, "kim")
        self.assertIn("-- You are also in #dev.", shown)
        kim.ask("/join #dev", "You are now in #dev")
        modes = kim.ask("/mode", "Modes of #dev: ")
        for mode in ("key sesame", "slow 30", "limit 7", "secret", "topic-ops"):
            self.assertIn(mode, modes)
        self.assertEqual(kim.ask("/topic", "what breaks").count("what breaks"), 1)
        kim.send("/bans")
        bans = "\n".join(kim.read())
        for line in ("ban eve for another", "rude", "ban 192.0.2.0/24 for ever", "mute spam* for another"):
            self.assertIn(line, bans)
        kim.send("/pin")
        self.assertIn("[kim] keep this", "\n".join(kim.read()))
        bob, _ = self.come(daemon, "bob")
        bob.ask("/join #dev", "You are now in #dev")
        bob.ask("/mode slow off", "set -slow")
        kim.ask("/deop bob", "set -op for [bob]")
        eve = self.client(daemon, "eve")
        eve.send("/join #dev sesame")
        eve.until("!! #dev cannot be joined.\n")
        pest = self.client(daemon)
        boss, _ = self.come(daemon, "boss")
        boss.send("/bans")
        self.assertIn("ban pest", "\n".join(boss.read()))
        pest.until("Login Id: ")
        pest.send("worse")
        pest.until("!! You are banned from this server")

    def test_what_came_meanwhile(self) -> None:
        daemon = self.daemon()
        kim, bob = self.register(daemon, "kim"), self.register(daemon, "bob")
        for person in (kim, bob):
            person.ask("/join #dev", "You are now in #dev")
        self.go(kim)
        for number in range(7):
            bob.ask(f"line {number}", f"[bob] line {number}")
            bob.ask(f"/msg kim letter {number}", f"[bob -> kim] letter {number}")
        self.restart(daemon)
        kim, shown = self.come(daemon, "kim")
        kim_shown = "\n".join([*shown, *kim.read()])
        self.assertIn("7 in #dev", kim_shown)
        letters = [line.split(" ", 3)[3] for line in kim_shown.splitlines() if "letter" in line]
        self.assertEqual(letters, [f"[bob -> kim] letter {number}" for number in range(7)])
        kim.send("/unread")
        self.assertEqual("\n".join(kim.read()).count("[bob] line "), 7)
        # A second connection is no coming back.
        again, shown = self.come(daemon, "kim")
        self.assertNotIn("letter", "\n".join(shown))
        self.go(again)
        self.go(kim)
        self.restart(daemon)
        kim, shown = self.come(daemon, "kim")
        self.assertNotIn("letter", "\n".join(shown))
        self.assertNotIn("New since", "\n".join(shown))

    def test_what_was_read_before_a_kill_does_not_come_again(self) -> None:
        daemon = self.daemon()
        kim, bob = self.register(daemon, "kim"), self.register(daemon, "bob")
        self.go(kim)
        for number in range(5):
            bob.ask(f"/msg kim letter {number}", f"[bob -> kim] letter {number}")
        kim, shown = self.come(daemon, "kim")
        self.assertEqual("\n".join(shown).count("letter"), 5)
        # What was noted when they had come is on disk: the log is written in order.
        kim.ask("thanks", "[kim] thanks")
        self.restart(daemon)
        _, shown = self.come(daemon, "kim")
        self.assertEqual([line for line in shown if "letter" in line], [])


class ProgramTests(AccountCase):
    def test_netcat_is_asked_for_the_password(self) -> None:
        netcat = shutil.which("nc")
        if netcat is None:
            self.skipTest("there is no nc here")
        daemon = self.daemon()
        self.go(self.register(daemon, "kim"))
        host, port = daemon.address
        program = self.program(netcat, str(host), str(port))
        program.until("Login Id: ")
        program.type("kim")
        self.assertEqual(program.until("Password: "), "Password: ")
        program.type("not-this-one")
        self.assertEqual(program.until("Login Id: "), "!! Wrong name or password.\nLogin Id: ")
        program.type("kim")
        program.until("Password: ")
        program.type(PASSWORD)
        program.until("/help lists the commands.\n")
        program.type("here I am")
        program.until("[kim] here I am\n")
        self.assertNotIn(PASSWORD, daemon.log())
        self.assertNotIn("not-this-one", daemon.log())

    def test_our_client_brings_the_password(self) -> None:
        daemon = self.daemon()
        kim = self.register(daemon, "kim")
        file = self.folder / "password"
        file.write_text(PASSWORD + "\n")
        file.chmod(0o600)
        host, port = daemon.address
        ours = [sys.executable, "-m", "twisted_chat.client", "--nick", "kim", f"{host}:{port}"]
        env = [str(shutil.which("env")), f"TWISTED_CHAT_PASSWORD={PASSWORD}"]
        for way, command in (("file", [*ours, "--password-file", str(file)]), ("variable", [*env, *ours])):
            program = self.program(*command)
            program.type(f"by {way}")
            kim.until(f"[kim] by {way}\n")
            program.type("/quit")
            self.assertEqual(program.end(), 0)
        self.assertIn("kim", done(self.folder, "accounts"))
