"""When the disk is full nobody sees what is not kept; when there is room again, all goes on."""

from crowd import Talker, check_kept, run, said
from daemon import DaemonCase

NOT_SENT = "Not sent: the server cannot write its log at the moment. Please try again."


class DiskFullTests(DaemonCase):
    def test_full_and_free_again(self) -> None:
        daemon = self.daemon()
        kim, bob, eve, dan = (self.client(daemon, name) for name in ("kim", "bob", "eve", "dan"))
        guest = self.client(daemon)
        guest.until("Login Id: ")
        kim.send("before")
        for client in (kim, bob, eve, dan):
            client.until("[kim] before\n")
        daemon.limit_files(0)
        # Messages, in the current room and to one person, are refused; so is whatever else would be kept.
        for line in ("refused", "/me refused", "/msg bob refused", "/topic refused", "/join #refused", "/nick refused"):
            kim.send(line)
            self.assertEqual(kim.line(), f"!! {NOT_SENT}")
        guest.send("ann")
        self.assertEqual(guest.line(), f"!! {NOT_SENT}")
        # One leaves, another breaks off.
        eve.send("/quit gone")
        self.assertEqual(eve.rest(), "-- Goodbye.\n")
        dan.close()
        kim.send("refused again")
        self.assertEqual(kim.line(), f"!! {NOT_SENT}")
        # What needs no log is there as before.
        kim.send("/who")
        self.assertEqual(kim.line(), "-- In #lobby (2):")
        self.assertEqual(kim.line(), "--  kim, bob")
        self.assertEqual(bob.read(), [])
        self.assertNotIn("[kim] refused", "\n".join(bob.history()))
        self.assertTrue(daemon.alive)
        daemon.limit_files(1 << 40)
        # What happened meanwhile, and could not be refused, is made up for.
        bob.until("user [eve] left the room (gone)\n")
        bob.until("user [dan] left the room\n")
        guest.until("Login Id: ")
        guest.send("ann")
        guest.until("/help lists the commands.\n")
        kim.send("after")
        for client in (kim, bob, guest):
            client.until("[kim] after\n")
        expected = [
            *(f"user [{name}] has entered the room" for name in ("kim", "bob", "eve", "dan")),
            "[kim] before",
            "user [eve] left the room (gone)",
            "user [dan] left the room",
            "user [ann] has entered the room",
            "[kim] after",
        ]
        self.assertEqual(bob.history(), expected)
        for name in ("eve", "dan"):
            self.client(daemon, name)
        self.assertNotIn("Traceback", daemon.log())
        daemon.terminate()
        self.assertEqual(daemon.wait(), 0)
        daemon.start()
        self.assertEqual(self.client(daemon, "reader").history()[: len(expected)], expected)

    def test_full_in_a_crowd(self) -> None:
        daemon = self.daemon()
        talkers = [Talker(daemon.address, f"c{i:02}", "x" * 200, limit=1000) for i in range(20)]
        for talker in talkers:
            self.addCleanup(talker.socket.close)
        run(talkers, lambda: sum(t.back for t in talkers) > 1000)
        # In the middle of what it writes.
        daemon.limit_files((self.folder / "chat.sqlite-wal").stat().st_size + 5000)
        run(talkers, lambda: all(t.refused > 30 for t in talkers))
        daemon.limit_files(1 << 40)
        run(talkers, lambda: all(t.back + t.refused == t.said == 1000 for t in talkers))
        history = said(self.client(daemon, "reader").history())
        self.assertEqual(len(history), sum(t.back for t in talkers))
        self.assertGreater(sum(t.refused for t in talkers), 20 * 30)
        check_kept(talkers, history)
        for talker in talkers:
            # Who is refused is told so: what came back, and only that, is kept.
            own = f"[{talker.name}] "
            self.assertEqual(
                [line for line in history if line.startswith(own)],
                [line for line in talker.lines() if line.startswith(own)],
            )
            self.assertGreater(talker.back, 0)
        self.assertNotIn("Traceback", daemon.log())

    def test_stops_while_full(self) -> None:
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        kim.read()
        daemon.limit_files(0)
        kim.send("refused")
        kim.until(f"!! {NOT_SENT}\n")
        daemon.terminate()
        self.assertEqual(kim.rest(), "-- The server is going down. Goodbye.\n")
        self.assertEqual(daemon.wait(30), 0)
        daemon.start()
        history = self.client(daemon, "reader").history()
        self.assertEqual(history[0], "user [kim] has entered the room")
        self.assertNotIn("[kim] refused", history)
