"""SIGHUP and /rehash with people there; and the log as JSON, from twistd and twist."""

import json
import os
import signal
import subprocess

from daemon import LOCAL, PATIENCE, DaemonCase, environment, script, wait_for
from people import Person, make_admin


class ReloadTests(DaemonCase):
    def test_files_are_read_again_and_nobody_is_dropped(self) -> None:
        file, motd = self.folder / "chat.toml", self.folder / "motd"
        motd.write_text("Be kind.\n")
        file.write_text(f'motd = "{motd}"\nguests = true\n')
        daemon = self.daemon("--config", str(file))
        kim = self.client(daemon)
        self.assertIn("-- Be kind.", kim.login("kim"))
        motd.write_text("Down at noon.\n")
        file.write_text(f'motd = "{motd}"\nguests = false\nirc = "tcp:1"\n')
        os.kill(daemon.pid, signal.SIGHUP)
        wait_for(lambda: "reload: guests is changed" in daemon.log(), "reloaded")
        self.assertIn("reload: the message of the day is changed", daemon.log())
        self.assertIn("reload: irc changes at the next start", daemon.log())
        kim.send("still here")
        kim.until("[kim] still here\n")
        # Guests are no longer let in.
        guest = self.client(daemon)
        guest.until("Login Id: ")
        guest.send("guest")
        guest.until("Password: ")
        # And what cannot be used changes nothing.
        file.write_text("guests = maybe\n")
        os.kill(daemon.pid, signal.SIGHUP)
        wait_for(lambda: "no option is changed" in daemon.log(), "a complaint")
        kim.send("and now")
        kim.until("[kim] and now\n")

    def test_many_signals_while_people_talk(self) -> None:
        daemon = self.daemon()
        kim, bob = self.client(daemon, "kim"), self.client(daemon, "bob")
        for i in range(200):
            os.kill(daemon.pid, signal.SIGHUP)
            kim.send(f"line {i}")
        for i in range(200):
            bob.until(f"[kim] line {i}\n")
        self.assertTrue(daemon.alive)
        self.assertNotIn("Traceback", daemon.log())

    def test_an_administrator_can_ask_for_it(self) -> None:
        motd = self.folder / "motd"
        motd.write_text("Be kind.\n")
        daemon = self.daemon("--motd", str(motd))
        make_admin(self.folder, "root", "long-enough-1")
        root = Person(daemon.address)
        self.addCleanup(root.close)
        root.enter("root", "long-enough-1")
        motd.write_text("Down at noon.\n")
        root.send("/rehash")
        root.until("-- The server has read its files again.\n-- the message of the day is changed\n")
        self.assertIn("-- Down at noon.", self.client(daemon).login("kim"))
        root.send("/audit")
        root.until("rehash")


class JSONLogTests(DaemonCase):
    def events(self, text: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in text.splitlines()]

    def test_one_object_a_line_and_no_word_of_what_is_said(self) -> None:
        command = [
            script("twistd"),
            "-n",
            "--pidfile=",
            "chat",
            "--line",
            f"unix:{self.folder}/s",
            "--log-format",
            "json",
        ]
        with (self.folder / "output").open("wb") as output:
            process = subprocess.Popen(command, cwd=self.folder, env=environment(), stdout=output, stderr=output)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        shown = self.folder / "output"
        wait_for(lambda: b"listening on" in shown.read_bytes(), "listening")
        kim = self.client(str(self.folder / "s"), "kim")
        kim.send("the secret word", "/register swordfish-99")
        kim.until("is yours now")
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)
        text = shown.read_text()
        events = self.events(text)
        self.assertTrue(any(event["text"] == "Server Shut Down." for event in events))
        for event in events:
            self.assertTrue({"time", "level", "source", "text"} <= event.keys(), event)
        self.assertNotIn("secret word", text)
        self.assertNotIn("swordfish", text)

    def test_in_the_background_and_rotated(self) -> None:
        log, pidfile = self.folder / "chat.log", self.folder / "chat.pid"
        command = [script("twistd"), f"--pidfile={pidfile}", f"--logfile={log}", "chat"]
        command += ["--line", f"unix:{self.folder}/s", "--log-format", "json"]
        subprocess.run(command, cwd=self.folder, env=environment(), check=True, timeout=PATIENCE)
        pid = int(pidfile.read_text())

        def kill() -> None:
            if pidfile.exists():
                os.kill(pid, signal.SIGKILL)

        self.addCleanup(kill)
        self.client(str(self.folder / "s"), "kim")
        wait_for(lambda: log.exists() and "listening on" in log.read_text(), "listening")
        os.kill(pid, signal.SIGUSR1)
        wait_for((self.folder / "chat.log.1").exists, "a new log")
        self.assertIn("listening on", json.dumps(self.events((self.folder / "chat.log.1").read_text())))
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not pidfile.exists(), "stopped")
        self.events(log.read_text())

    def test_twist_too(self) -> None:
        command = [script("twist"), "chat", "--line", LOCAL, "--log-format", "json"]
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(3)]
        self.assertTrue(all("text" in line for line in lines))
        process.stdout.close()
