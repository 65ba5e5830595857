"""What can be wrong at the start is said in one line, and ends with status 1."""

import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

from daemon import LOCAL, PATIENCE, DaemonCase, environment, script, wait_for

TWISTD = ("twistd", "-n", "--pidfile=start.pid")
TWIST = ("twist", "--log-format=text")


class StartErrorTests(DaemonCase):
    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def fails(self, options: Sequence[str], *wanted: str, programs: Sequence[Sequence[str]] = (TWISTD, TWIST)) -> None:
        """Whichever program starts it."""
        for program in programs:
            process = self.start(script(program[0]), *program[1:], "chat", *options)
            out, err = process.communicate(timeout=PATIENCE)
            lines = err.decode().splitlines()
            self.assertEqual(len(lines), 1, err)
            self.assertTrue(lines[0].startswith("twisted-chat: "), err)
            for text in wanted:
                self.assertIn(text, lines[0])
            self.assertEqual(process.returncode, 1)
            self.assertNotIn(b"Traceback", out)
        self.assertFalse((self.folder / "start.pid").exists())

    def fails_in_background(self, options: Sequence[str], *wanted: str) -> None:
        log = self.folder / "daemon.log"
        process = self.start(script("twistd"), "--pidfile=chat.pid", f"--logfile={log}", "chat", *options)
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1)
        self.assertNotEqual(err, b"")

        def told() -> str:
            # twistd cuts what it passes on; the log has the whole line, a moment later.
            return err.decode() + (log.read_text() if log.exists() else "")

        for text in wanted:
            wait_for(lambda text=text: text in told(), f"told {text!r}")
        self.assertNotIn("Traceback", told())
        wait_for(lambda: not (self.folder / "chat.pid").exists(), "the pid file removed")

    def test_port_in_use(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            line = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"
            options = ["--line", LOCAL, "--line", line]
            self.fails(options, f"cannot listen on {line}: Address already in use")
            self.fails_in_background(options, "Address already in use")

    def test_bad_endpoints(self) -> None:
        self.fails(["--line", "carrier-pigeon:9009"], "carrier-pigeon:9009")
        for line in ("tcp:many", "tcp:0:interface=999.1.1.1", "unix:nowhere/socket"):
            self.fails(["--line", line], line, programs=[TWISTD])
        self.fails_in_background(["--line", "carrier-pigeon:9009"], "carrier-pigeon")

    def test_database_that_cannot_be(self) -> None:
        (self.folder / "folder").mkdir()
        self.fails(["--line", LOCAL, "--database", "folder"], "folder: unable to open")
        missing = "missing/chat.sqlite"
        self.fails(["--line", LOCAL, "--database", missing], f"{missing}: No such", programs=[TWISTD])
        self.fails_in_background(["--line", LOCAL, "--database", "folder"], "folder: ")

    def test_file_that_is_no_database(self) -> None:
        letter = self.folder / "letter.txt"
        letter.write_text("Dear Kim,\n" * 1000)
        self.fails(["--line", LOCAL, "--database", "letter.txt"], "letter.txt: file is not a database")
        self.assertEqual(letter.read_text(), "Dear Kim,\n" * 1000)

    def test_database_of_another_program(self) -> None:
        with sqlite3.connect(self.folder / "other.sqlite") as database:
            database.execute("CREATE TABLE invoice (number)")
        database.close()
        before = (self.folder / "other.sqlite").read_bytes()
        self.fails(["--line", LOCAL, "--database", "other.sqlite"], "other.sqlite: ", "another program")
        self.assertEqual((self.folder / "other.sqlite").read_bytes(), before)

    def test_corrupt_database(self) -> None:
        daemon = self.daemon()
        self.client(daemon, "kim").read()
        daemon.terminate()
        daemon.wait()
        with (self.folder / "chat.sqlite").open("r+b") as file:
            file.seek(100)
            file.write(os.urandom(3996))
        self.fails(["--line", LOCAL], "chat.sqlite: ")

    def test_database_of_a_running_daemon(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        self.fails(["--line", LOCAL], "chat.sqlite: in use by another daemon")
        self.fails_in_background(["--line", LOCAL], "in use by another daemon")
        kim.send("still here")
        kim.until("[kim] still here\n")

    def test_unreadable_message_of_the_day(self) -> None:
        self.fails(["--line", LOCAL, "--motd", "missing.txt"], "missing.txt: No such file")
        (self.folder / "latin1.txt").write_bytes("Grüße".encode("latin-1"))
        self.fails(["--line", LOCAL, "--motd", "latin1.txt"], "latin1.txt: ", programs=[TWISTD])

    def test_database_that_may_not_be_written(self) -> None:
        database = self.folder / "chat.sqlite"
        daemon = self.daemon()
        daemon.terminate()
        daemon.wait()
        database.chmod(0o400)
        if os.access(database, os.W_OK):
            self.skipTest("this user may write everything")
        self.fails(["--line", LOCAL], "chat.sqlite: ")


class BackgroundTests(DaemonCase):
    def test_runs_and_stops(self) -> None:
        log, pidfile = self.folder / "daemon.log", self.folder / "chat.pid"
        command = [script("twistd"), f"--pidfile={pidfile}", f"--logfile={log}", "chat", "--line", "unix:socket"]
        subprocess.run(command, cwd=self.folder, env=environment(), check=True, timeout=PATIENCE)
        pid = int(pidfile.read_text())
        self.addCleanup(kill, pid, pidfile)
        client = self.client(str(self.folder / "socket"), "kim")
        client.send("from the background")
        client.until("[kim] from the background\n")
        os.kill(pid, signal.SIGTERM)
        client.until("Goodbye.\n")
        self.assertEqual(client.rest(), "")
        wait_for(lambda: not pidfile.exists(), "the pid file removed")
        self.assertNotIn("Traceback", log.read_text())


def kill(pid: int, pidfile: Path) -> None:
    if pidfile.exists():
        os.kill(pid, signal.SIGKILL)
