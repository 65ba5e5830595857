"""When the system gives out: descriptors, or a disk that takes its time. Who is here stays, and loses nothing."""

import contextlib
import resource
import shutil
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

from crowd import Talker, check_kept, run, said
from daemon import PATIENCE, Client, Daemon, DaemonCase, connect, wait_for


class DescriptorTests(DaemonCase):
    def test_no_descriptors_left(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        bob = self.client(daemon, "bob")
        _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (daemon.descriptors() + 20, hard))
        with contextlib.ExitStack() as others:
            for _ in range(80):
                with contextlib.suppress(OSError):
                    others.enter_context(connect(daemon.address))
            wait_for(lambda: "EMFILE" in daemon.log(), "no descriptors left")
            for i in range(20):
                kim.send(f"line {i}")
                bob.until(f"[kim] line {i}\n")
            kim.send("/history 5", "/search line")
            kim.until("-- Found ")
        # With room again, new ones come in: some of the old ones may still be in the way.
        wait_for(lambda: daemon.descriptors() < 40, "the descriptors given back")
        ann = self.client(daemon, "ann")
        kim.until("user [ann] has entered the room\n")
        ann.send("/quit")
        self.assertNotIn("Traceback", daemon.log())


class StalledDiskTests(DaemonCase):
    def stall(self) -> sqlite3.Connection:
        """Until this is closed nothing can be committed, for five seconds: somebody else has the database's lock."""
        lock = sqlite3.connect(self.folder / "chat.sqlite", isolation_level=None, check_same_thread=False)
        self.addCleanup(lock.close)
        lock.execute("BEGIN IMMEDIATE")
        return lock

    def test_what_is_said_waits_and_nothing_is_lost(self) -> None:
        daemon = self.daemon()
        people = [self.client(daemon, name) for name in ("kim", "bob", "ann")]
        reader = self.client(daemon, "reader")
        for i in range(50):
            people[0].send(f"before {i}")
        reader.until("[kim] before 49\n")
        reader.read()
        lock = self.stall()
        # Who only reads goes on reading, what is asked before somebody speaks ...
        reader.send("/history 3", "/who", "/help who")
        reader.until("-- Lists who")
        for i in range(30):
            people[i % 3].send(f"during {i}")
        newcomer = self.client(daemon)
        newcomer.until("Login Id: ")
        newcomer.send("late")
        # ... and what is asked afterwards is answered in its turn.
        reader.send("/ping first", "/history 2", "/ping last")
        lock.close()
        text = reader.until("-- pong last\n")
        self.assertLess(text.index("-- pong first\n"), text.index("~ "))
        for client in (*people, reader):
            client.send("/ping end")
        heard = {client: self.heard(client) for client in (*people, newcomer)}
        self.assertEqual(len(heard[people[0]]), 30)
        for client in people:
            self.assertEqual(heard[client], heard[people[0]])
        history = [line for line in reader.history() if "during" in line]
        self.assertEqual(history, heard[people[0]])
        self.assertNotIn("cut off", daemon.log())
        self.assertNotIn("Traceback", daemon.log())

    def heard(self, client: Client) -> list[str]:
        client.send("the end")
        text = client.until("the end\n")
        return [line for line in text.splitlines() if line.startswith("[") and "during" in line]

    def test_a_crowd_that_goes_on_talking_is_held_up_and_loses_nothing(self) -> None:
        daemon = self.daemon("--send-queue", "100000000")
        talkers = [Talker(daemon.address, f"c{i:02}", "x" * 100, limit=1500, ahead=1500) for i in range(8)]
        for talker in talkers:
            self.addCleanup(talker.socket.close)
        run(talkers, lambda: all(t.back > 0 for t in talkers))
        lock = self.stall()
        # They have more to say than may wait for the disk.
        with contextlib.suppress(AssertionError):
            run(talkers, lambda: False, patience=2)
        lock.close()
        run(talkers, lambda: all(t.back + t.refused == t.said == 1500 for t in talkers))
        self.assertEqual(sum(t.refused for t in talkers), 0)
        check_kept(talkers, said(self.client(daemon, "reader").history()))
        self.assertNotIn("Traceback", daemon.log())

    def test_a_disk_that_does_not_come_back_in_time_refuses_what_was_said(self) -> None:
        daemon = self.daemon()
        kim, bob = self.client(daemon, "kim"), self.client(daemon, "bob")
        kim.read()
        lock = self.stall()
        kim.send("too late")
        kim.until("!! Not sent: ")
        lock.close()
        kim.send("in time")
        for client in (kim, bob):
            self.assertNotIn("too late", client.until("[kim] in time\n"))


class FaultyDiskTests(DaemonCase):
    """With a disk that takes its time, or fails, when what is written is to be made durable."""

    def setUp(self) -> None:
        super().setUp()
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            self.skipTest("gcc is not installed")
        library = self.folder / "faulty_disk.so"
        source = Path(__file__).with_name("faulty_disk.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True, timeout=60)
        self.faulty = Daemon(self.folder)
        self.addCleanup(self.faulty.kill)
        self.faulty.environment |= {"LD_PRELOAD": str(library), "FAULTS": str(self.folder)}
        self.faulty.start()

    def test_a_disk_that_takes_seconds_delays_but_cuts_off_nobody_and_loses_nothing(self) -> None:
        daemon = self.faulty
        kim, bob, reader = (self.client(daemon, name) for name in ("kim", "bob", "reader"))
        for i in range(20):
            kim.send(f"before {i}")
        reader.until("[kim] before 19\n")
        (self.folder / "stall").touch()
        kim.send(*(f"during {i}" for i in range(50)))
        bob.send("me too", "/who", "/history 3")
        newcomer = self.client(daemon)
        newcomer.until("Login Id: ")
        newcomer.send("late")
        # Longer than any other wait of the daemon is.
        time.sleep(6)
        self.assertEqual(self.waiting(reader), b"")
        (self.folder / "stall").unlink()
        self.assertLess((text := bob.until("End of the history")).index("during 49"), text.index("me too"))
        for client in (kim, reader, newcomer):
            client.send("/ping end")
            client.until("-- pong end\n")
        history = reader.history()
        self.assertEqual([line for line in history if "during" in line], [f"[kim] during {i}" for i in range(50)])
        self.assertNotIn("cut off", daemon.log())
        self.assertNotIn("Traceback", daemon.log())

    def test_killed_while_the_disk_takes_its_time_what_was_seen_is_there(self) -> None:
        daemon = self.faulty
        kim = self.client(daemon, "kim")
        kim.send("seen")
        kim.until("[kim] seen\n")
        (self.folder / "stall").touch()
        kim.send("never seen")
        wait_for(lambda: self.waiting(kim) == b"", "nothing more")
        daemon.kill()
        self.assertNotIn("never seen", kim.rest())
        (self.folder / "stall").unlink()
        daemon.start()
        self.assertIn("[kim] seen", self.client(daemon, "reader").history())

    def test_what_a_failing_disk_does_not_keep_nobody_sees(self) -> None:
        daemon = self.faulty
        kim, bob = self.client(daemon, "kim"), self.client(daemon, "bob")
        kim.send("before")
        bob.until("[kim] before\n")
        (self.folder / "fail").touch()
        for _ in range(3):
            kim.send("refused")
            kim.until("!! Not sent: ")
        bob.send("/history 5")
        self.assertNotIn("refused", bob.until("End of the history"))
        (self.folder / "fail").unlink()
        kim.send("after")
        for client in (kim, bob):
            self.assertNotIn("refused", client.until("[kim] after\n"))
        self.assertNotIn("[kim] refused", bob.history())
        daemon.terminate()
        self.assertEqual(daemon.wait(), 0)
        daemon.start()
        history = self.client(daemon, "reader").history()
        self.assertEqual([line for line in history if line.startswith("[")], ["[kim] before", "[kim] after"])

    def waiting(self, client: Client) -> bytes:
        """What has come that is not read yet."""
        client.socket.setblocking(False)
        try:
            return client.socket.recv(1 << 16, socket.MSG_PEEK)
        except BlockingIOError:
            return b""
        finally:
            client.socket.settimeout(PATIENCE)
