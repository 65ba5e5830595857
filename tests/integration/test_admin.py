"""The operator's tool, with the daemon running and without; copies and pruning while a crowd talks."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import threading

from crowd import Talker, run, said
from daemon import LOCAL, PATIENCE, Client, Daemon, DaemonCase, environment, script, wait_for
from people import Person, Pulse, connect, done, exported, make_admin, member, newcomer, operator

PASSWORD = "correct-horse"
OTHER = "battery-staple"


class AdminCase(DaemonCase):
    def refused(self, *arguments: str, wanted: str, **more: str) -> None:
        """One line on standard error, status 1, no traceback."""
        result = operator(self.folder, *arguments, **more)
        self.assertEqual((result.returncode, result.stdout), (1, ""), (arguments, result))
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("twisted-chat-admin: "), result.stderr)
        self.assertIn(wanted, result.stderr)

    def stop(self, daemon: Daemon) -> None:
        # Once it answers, its reactor runs, and SIGTERM is a wish.
        Client(daemon.address).until("Login Id: ")
        daemon.terminate()
        self.assertEqual(daemon.wait(), 0)
        for password in (PASSWORD, OTHER):
            self.assertNotIn(password, daemon.log())
        self.assertNotIn("Traceback", daemon.log())


class CommandTests(AdminCase):
    """What the tool does, once with the daemon running, once without."""

    def life(self, daemon: Daemon, between: bool) -> None:
        """@param between: whether the daemon is stopped for each command."""

        def order(*arguments: str, typed: str = "") -> str:
            if between and daemon.alive:
                self.stop(daemon)
            return done(self.folder, *arguments, typed=typed)

        def up() -> Daemon:
            return daemon if daemon.alive else daemon.start()

        (self.folder / "one").write_text(PASSWORD + "\n")
        (self.folder / "two").write_text(OTHER + "\n")
        newcomer(daemon, "kim", PASSWORD).close()
        self.assertEqual(order("add-admin", "Kim").strip(), "kim administers the server.")
        self.assertIn("is made", order("add-admin", "boss", "--password-file", "one"))
        self.assertEqual(order("register", "lee", "--password-file", "one").strip(), "The account lee is made.")
        listed = order("accounts")
        self.assertEqual(
            [line.split("\t")[::2] for line in listed.splitlines()], [["boss", "admin"], ["kim", "admin"], ["lee"]]
        )
        lee = member(up(), "lee", PASSWORD)
        lee.ask("/audit", "!! That is for administrators")
        lee.close()
        self.assertIn("is erased", order("erase", "lee", "--yes"))
        boss = member(up(), "boss", PASSWORD)
        self.addCleanup(boss.close)
        self.assertIn("-- End of the audit log", boss.ask("/audit", "-- End of the audit log"))
        boss.close()
        order("remove-admin", "kim")
        kim = member(up(), "kim", PASSWORD)
        self.addCleanup(kim.close)
        kim.ask("/audit", "!! That is for administrators")
        kim.close()

        order("reset-password", "kim", "--password-file", "one")
        order("reset-password", "kim", typed=OTHER + "\n")
        kim = Person(connect(up().address))
        self.addCleanup(kim.close)
        kim.until("Login Id: ")
        kim.send("kim")
        kim.until("Password: ")
        kim.send(PASSWORD)
        kim.until("!! Wrong name or password.\nLogin Id: ")
        kim.close()
        kim = member(up(), "kim", OTHER)
        self.addCleanup(kim.close)
        # The session that is open ends at once.
        order("suspend", "kim", "--reason", "spam")
        if not between:
            self.assertTrue(kim.rest().endswith("-- This account is suspended: spam.\n"))
        kim.close()
        self.assertIn("suspended", order("accounts"))
        kim = Person(connect(up().address))
        self.addCleanup(kim.close)
        kim.until("Login Id: ")
        kim.send("kim")
        kim.until("Password: ")
        kim.send(OTHER)
        kim.until("!! This account is suspended: spam.\nLogin Id: ")
        kim.close()
        order("unsuspend", "kim")

        bob = self.client(up(), "bob")
        kim = member(up(), "kim", OTHER)
        self.addCleanup(kim.close)
        kim.send("/join #mine", "/topic of kim", "sesame opens", "/msg bob psst")
        kim.until("[kim -> bob] psst\n")
        kim.close()
        bob.until("[kim -> bob] psst\n")
        bob.send("/msg kim hush", "/join #mine", "bob was here")
        bob.until("[bob] bob was here\n")
        printed = order("export", "KIM")
        self.assertNotIn("argon2", printed)
        found = json.loads(printed)
        self.assertEqual(found["account"]["name"], "kim")
        self.assertEqual(found["roles"], {"#mine": "owner"})
        texts = [event["text"] for event in found["events"] if event["type"] in ("message", "direct", "topic")]
        self.assertEqual(texts, ["of kim", "sesame opens", "psst", "hush"])
        self.assertEqual([e["from"] for e in found["events"] if e["text"] == "hush"], ["bob"])

        if not between:
            bob = self.client(up(), "bobby")
            bob.send("/join #mine")
            bob.until("~ ")
        self.assertIn("is erased", order("erase", "kim", "--yes"))
        reader = self.client(up(), "kim")  # The name is free again.
        reader.send("/join #mine")
        text = "\n".join([reader.until("You are now in #mine"), *reader.read()])
        text += "\n".join(reader.history())
        self.assertIn("bob was here", text)
        self.assertNotIn("sesame", text)
        reader.send("/search sesame")
        reader.until("-- Found 0 lines")
        reader.close()
        self.assertNotIn("kim", order("accounts"))
        self.assertIn("is sound", order("check"))
        self.assertIn("0 events are removed", order("prune", "--older-than", "1h"))

    def test_running(self) -> None:
        daemon = self.daemon()
        self.life(daemon, between=False)
        self.stop(daemon)

    def test_not_running(self) -> None:
        daemon = self.daemon()
        self.life(daemon, between=True)

    def test_erase_asks(self) -> None:
        daemon = self.daemon()
        newcomer(daemon, "kim", PASSWORD).close()
        for typed in ("", "no\n"):
            result = operator(self.folder, "erase", "kim", typed=typed)
            self.assertEqual(result.returncode, 1)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertIn("kim", done(self.folder, "accounts"))
        self.assertIn("is erased", done(self.folder, "erase", "kim", typed="kim\n"))
        self.assertEqual(done(self.folder, "accounts"), "")

    def test_erasing_goes_on_after_kill(self) -> None:
        daemon = self.daemon()
        kim = newcomer(daemon, "kim", PASSWORD)
        self.addCleanup(kim.close)
        kim.send("sesame opens")
        kim.until("[kim] sesame opens\n")
        daemon.kill()
        # As it is when the process ends between the account's removal and that of what was said.
        with sqlite3.connect(self.folder / "chat.sqlite") as db:
            db.execute("DELETE FROM record WHERE kind = 'account'")
            db.execute("INSERT INTO record VALUES ('erasing', 'kim', '{}')")
        db.close()
        daemon.start()
        reader = self.client(daemon, "reader")
        wait_for(lambda: "sesame" not in "".join(reader.history()), "erased")

    def test_wrong_names(self) -> None:
        daemon = self.daemon()
        newcomer(daemon, "kim", PASSWORD).close()
        (self.folder / "one").write_text(PASSWORD)
        (self.folder / "short").write_text("short\n")
        (self.folder / "latin1").write_bytes("Grüße-Grüße".encode("latin-1"))
        self.refused("suspend", "nobody", wanted="There is no account nobody")
        self.refused("erase", "nobody", "--yes", wanted="There is no account nobody")
        self.stop(daemon)
        for what in ("remove-admin", "unsuspend", "export"):
            self.refused(what, "nobody", wanted="o account nobody")
        self.refused("suspend", "no name", wanted="name")
        self.refused("reset-password", "nobody", "--password-file", "one", wanted="There is no account nobody")
        self.refused("reset-password", "nobody", wanted="There is no account nobody")
        self.refused("erase", "nobody", wanted="There is no account nobody")
        self.refused("reset-password", "kim", wanted="there is no answer")
        self.refused("reset-password", "kim", "--password-file", "short", wanted="from 8 to 1000")
        self.refused("register", "new", "--password-file", "short", wanted="from 8 to 1000")
        self.refused("register", "kim", wanted="There is an account kim already.")
        self.refused("reset-password", "kim", "--password-file", "latin1", wanted="UTF-8")
        self.refused("add-admin", "k1m", "--password-file", "missing", wanted="missing: No such file")
        self.refused("prune", "--older-than", "yesterday", wanted="yesterday")
        self.refused("prune", "--older-than", "1000", wanted="1000")

    def test_wrong_databases(self) -> None:
        (self.folder / "one").write_text(PASSWORD)
        (self.folder / "letter").write_text("Dear Kim,\n" * 1000)
        (self.folder / "folder").mkdir()
        with sqlite3.connect(self.folder / "other") as db:
            db.execute("CREATE TABLE invoice (number)")
        db.close()
        before = (self.folder / "other").read_bytes()
        commands = (["check"], ["suspend", "kim"], ["backup", "copy"], ["add-admin", "kim", "--password-file", "one"])
        for command in commands:
            self.refused(*command, database="missing", wanted="missing: there is no such file; --database")
        for database in ("letter", "folder", "other"):
            self.refused("suspend", "kim", database=database, wanted=f"{database}: ")
        self.assertEqual((self.folder / "other").read_bytes(), before)
        self.assertFalse((self.folder / "missing").exists())
        self.assertFalse((self.folder / "copy").exists())

    def test_usage(self) -> None:
        for option in ("--help", "--version"):
            self.assertEqual(operator(self.folder, option).returncode, 0)
        for arguments in (["dance"], ["add-admin", "kim", "--password", "x"]):
            result = operator(self.folder, *arguments)
            self.assertEqual(result.returncode, 2)
            self.assertNotIn("Traceback", result.stderr)

    def test_check_finds_damage(self) -> None:
        daemon = self.daemon()
        kim = newcomer(daemon, "kim", PASSWORD)
        for number in range(2000):
            kim.send(f"line {number} of what fills some pages")
        kim.read()
        kim.close()
        self.stop(daemon)
        done(self.folder, "backup", "copy")
        whole = (self.folder / "copy").read_bytes()
        # A page in the middle; the end; a record that is half.
        damaged = bytearray(whole)
        damaged[len(whole) // 8192 * 4096 : len(whole) // 8192 * 4096 + 4096] = b"\xa5" * 4096
        (self.folder / "page").write_bytes(damaged)
        (self.folder / "cut").write_bytes(whole[: len(whole) * 2 // 3 // 4096 * 4096])
        (self.folder / "half").write_bytes(whole)
        with sqlite3.connect(self.folder / "half") as db:
            db.execute("UPDATE record SET value = '{\"name\": \"kim\"}' WHERE kind = 'account'")
        db.close()
        for name in ("page", "cut", "half"):
            result = operator(self.folder, "check", database=name)
            self.assertEqual(result.returncode, 1, name)
            self.assertNotEqual(result.stdout + result.stderr, "")
            self.assertNotIn("Traceback", result.stderr)
        self.assertIn("is sound", done(self.folder, "check", database="copy"))


class Crowded(AdminCase):
    def crowd(self, daemon: Daemon, work: threading.Thread, size: int = 50, patience: float = 60.0) -> None:
        """Let many talk until the work is done."""
        talkers = [Talker(daemon.address, f"t{i:02}", "is said while it is done", ahead=8) for i in range(size)]
        try:
            run(talkers, lambda: min(t.back for t in talkers) > 5)
            work.start()
            run(talkers, lambda: not work.is_alive(), patience)
        finally:
            work.join()
            for talker in talkers:
                talker.socket.close()


class BackupTests(Crowded):
    def test_backup_under_load(self) -> None:
        daemon = self.daemon()
        newcomer(daemon, "kim", PASSWORD).close()
        results: list[subprocess.CompletedProcess[str]] = []
        self.crowd(daemon, threading.Thread(target=lambda: results.append(operator(self.folder, "backup", "copy"))))
        (result,) = results
        self.assertEqual((result.returncode, result.stderr), (0, ""), result)
        self.refused("backup", "copy", wanted="is there already")
        self.refused("backup", "missing/copy", wanted="missing/copy")
        self.assertIn("is sound", done(self.folder, "check", database="copy"))
        self.assertIn("is sound", done(self.folder, "check"))
        history = said(self.client(daemon, "reader").history())
        daemon.kill()
        (self.folder / "second").mkdir()
        shutil.move(self.folder / "copy", self.folder / "second" / "chat.sqlite")
        second = Daemon(self.folder / "second")
        self.addCleanup(second.kill)
        second.start()
        copied = said(self.client(second, "reader").history())
        self.assertGreater(len(copied), 100)
        self.assertEqual(copied, history[: len(copied)])
        self.client(second, "writer").send("goes on")
        member(second, "kim", PASSWORD).close()


class RetentionTests(Crowded):
    def kept(self, daemon: Daemon) -> int:
        with sqlite3.connect(self.folder / "chat.sqlite") as db:
            (count,) = db.execute("SELECT count(*) FROM event").fetchone()
        db.close()
        return int(count)

    def test_keep_number(self) -> None:
        daemon = self.daemon("--keep", "1000")
        talker = Talker(daemon.address, "talker", "words to be found", limit=4000)
        run([talker], lambda: talker.back >= 4000)
        talker.socket.close()
        daemon.kill()
        daemon.start()
        wait_for(lambda: self.kept(daemon) <= 1000, "pruned to 1000 events")
        reader = self.client(daemon, "reader")
        self.assertIn("[talker] 3999 words to be found", reader.history())
        reader.send("/search 3999 found")
        reader.until("-- Found 1 line.\n")
        reader.send("/search 17 found")
        reader.until("-- Found 0 lines.\n")
        self.assertGreater(self.kept(daemon), 900)
        self.stop(daemon)
        self.assertIn("is sound", done(self.folder, "check"))

    def test_keep_time(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        kim.send("from long ago")
        kim.until("[kim] from long ago\n")
        self.stop(daemon)
        with sqlite3.connect(self.folder / "chat.sqlite") as db:
            db.execute("UPDATE event SET time = time - 2 * 3600000")
        db.close()
        daemon = self.daemon("--keep", "1h")
        kim = self.client(daemon, "kim")
        kim.send("of now")
        # The last event always stays, so that its id is not given again.
        wait_for(lambda: self.kept(daemon) <= 3, "pruned to the last hour")
        self.assertEqual(kim.history()[-2:], ["user [kim] has entered the room", "[kim] of now"])

    def test_pruned_under_load(self) -> None:
        daemon = self.daemon()
        filler = Talker(daemon.address, "filler", "fills the log", limit=6000)
        run([filler], lambda: filler.back >= 6000)
        filler.socket.close()
        self.stop(daemon)
        with sqlite3.connect(self.folder / "chat.sqlite") as db:
            db.execute("UPDATE event SET time = time - 2 * 3600000")
        db.close()
        daemon.start()
        printed: list[str] = []
        work = threading.Thread(target=lambda: printed.append(done(self.folder, "prune", "--older-than", "1h")))
        with Pulse(daemon, "pulse") as pulse:
            self.crowd(daemon, work, size=5)
        self.assertRegex(printed[0], "^6[0-9]{3} events are removed")
        # Generous: the machine of the tests may be busy. retention_load.py has the figures.
        self.assertLess(pulse.at(0.5), 100, str(pulse))


class OptionTests(AdminCase):
    def chat(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script("twistd"), "-n", "--pidfile=", "chat", "--line", LOCAL, *options],
            cwd=self.folder, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    def test_what_cannot_be(self) -> None:
        (self.folder / "empty").write_text("")
        for options in (
            ["--auth", "telepathy"],
            ["--auth", "telepathy:kim"],
            ["--auth", "file:missing"],
            ["--auth", "file"],
            ["--auth", "memory:odd"],
            ["--guests", "maybe"],
            ["--keep", "soon"],
            ["--keep", "0"],
            ["--keep", "-5"],
        ):
            result = self.chat(*options)
            self.assertEqual(result.returncode, 1, (options, result))
            self.assertEqual(len(result.stderr.splitlines()), 1, (options, result.stderr))
            self.assertIn(options[0], result.stderr)
            self.assertNotIn("Traceback", result.stdout)

    def test_help(self) -> None:
        for option, wanted in (("--help", "--keep"), ("--help-auth", "memory"), ("--help-auth-type=file", "file")):
            result = self.chat(option)
            self.assertEqual(result.returncode, 0, result)
            self.assertIn(wanted, result.stdout)
            self.assertNotIn("Traceback", result.stdout + result.stderr)

    def test_no_guests(self) -> None:
        make_admin_daemon = self.daemon("--guests", "no")
        make_admin(self.folder, "boss", PASSWORD)
        boss = member(make_admin_daemon, "boss", PASSWORD)
        self.addCleanup(boss.close)
        guest = Client(make_admin_daemon.address)
        self.addCleanup(guest.close)
        guest.until("Login Id: ")
        guest.send("guest")
        guest.until("Password: ")
        guest.send("anything-at-all")
        guest.until("!! Wrong name or password.\nLogin Id: ")
        boss.send("/who")
        self.assertNotIn("guest", boss.read()[0])

    def outside(self, spec: str) -> None:
        daemon = self.daemon("--auth", spec, "--guests", "no")
        for name, password, right in (("ann", "annsecret", True), ("ann", "wrong-one", False), ("eve", "x", False)):
            client = Client(daemon.address)
            self.addCleanup(client.close)
            client.until("Login Id: ")
            client.send(name)
            client.until("Password: ")
            client.send(password)
            client.until("lists the commands.\n" if right else "!! Wrong name or password.\nLogin Id: ")
            if right:
                self.assertEqual([a.split("\t")[0] for a in done(self.folder, "accounts").splitlines()], ["ann"])
        self.stop(daemon)
        self.assertIsNone(re.search("annsecret|wrong-one", daemon.log()))

    def test_auth_memory(self) -> None:
        self.outside("memory:ann:annsecret:bea:beasecret")

    def test_auth_file(self) -> None:
        (self.folder / "passwd").write_text("ann:annsecret\nbea:beasecret\n")
        self.outside("file:passwd")


class PasswordsAreNotArguments(AdminCase):
    def test_nothing_takes_one(self) -> None:
        printed = subprocess.run(
            [sys.executable, "-m", "twisted_chat.admin", "add-admin", "--help"],
            cwd=self.folder, env=environment(), capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        self.assertEqual(re.findall(r"--pass[\w-]*", printed)[0], "--password-file")
        self.assertEqual(set(re.findall(r"--pass[\w-]*", printed)), {"--password-file"})

    def test_typed_where_there_is_no_terminal(self) -> None:
        daemon = self.daemon()
        result = operator(self.folder, "add-admin", "boss", typed=f"{PASSWORD}\n{OTHER}\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the two passwords differ", result.stderr)
        result = operator(self.folder, "add-admin", "boss", typed=f"{PASSWORD}\n{PASSWORD}\n")
        self.assertEqual(result.returncode, 0, result)
        member(daemon, "boss", PASSWORD).close()
        self.assertEqual(exported(self.folder, "boss")["account"]["admin"], True)
