"""Many people at once: nobody gets a line twice, out of order or not at all."""

from crowd import Talker, run
from daemon import DaemonCase

CROWD = 200
LINES = 5


class CrowdTests(DaemonCase):
    def test_join_talk_and_leave_at_once(self) -> None:
        daemon = self.daemon()
        watchers = [self.client(daemon, f"watcher{i}") for i in range(3)]
        for watcher in watchers:
            watcher.read()
        talkers = [
            Talker(daemon.address, f"t{i:03}", "all at once", limit=LINES, ahead=2, last="/quit") for i in range(CROWD)
        ]
        for talker in talkers:
            self.addCleanup(talker.socket.close)
        run(talkers, lambda: False, 60)
        everything = watchers[0].read()
        for watcher in watchers[1:]:
            self.assertEqual(watcher.read(), everything)
        expected = set()
        for talker in talkers:
            join = f"user [{talker.name}] has entered the room"
            leave = f"user [{talker.name}] left the room"
            expected |= {join, leave}
            spoken = [f"[{talker.name}] {i} all at once" for i in range(LINES)]
            expected.update(spoken)
            self.assertEqual([line for line in everything if line.startswith(f"[{talker.name}]")], spoken)
            lines = talker.lines()
            self.assertEqual(lines[0], join)
            self.assertEqual(lines[-1], "-- Goodbye.")
            heard = [line for line in lines if not line.startswith(("~ ", "-- "))]
            self.assertEqual(heard, everything[everything.index(join) : everything.index(leave)])
        self.assertEqual(len(everything), len(expected))
        self.assertEqual(set(everything), expected)
        self.assertEqual(watchers[0].history()[3:], everything)
