"""Real runs of L{bench}, small ones."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import skipUnless

from twisted.trial.unittest import TestCase

from bench import build, history
from bench.__main__ import main
from bench.build import compiler
from bench.load import Load, LoadFailed, run
from bench.machine import cpu_seconds, rss_kib
from bench.peers import PEERS
from bench.server import Server


@skipUnless(compiler(), "there is no C compiler")
class FloorTests(TestCase):
    folder: TemporaryDirectory[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = TemporaryDirectory()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def setUp(self) -> None:
        # What is compiled goes there, once for all of these tests.
        self.patch(build, "cache", lambda: Path(self.folder.name))

    def test_everything_arrives_in_both_forms(self) -> None:
        for name in ("floor-turn", "floor-line"):
            with Server(PEERS[name], None) as server:
                load = Load(clients=20, senders=3, messages=400, window=16, payload=99)
                outcome = run(load, "raw", server.port, server.pid, None)
                self.assertEqual(outcome.talk["deliveries"], 20 * 400)
                self.assertEqual(outcome.talk["bytes"], 20 * 400 * (20 + 99 + 1))
                self.assertTrue(0 < outcome.talk["p50_us"] <= outcome.talk["p99_us"] <= outcome.talk["max_us"])
                self.assertTrue(0 < outcome.talk["cpu"] <= cpu_seconds(server.pid))
                self.assertTrue(rss_kib(server.pid) > 0)

    def test_the_pace_is_kept(self) -> None:
        with Server(PEERS["floor-turn"], None) as server:
            load = Load(clients=3, senders=2, messages=40, rate=100, burst=10)
            outcome = run(load, "raw", server.port, server.pid, None)
        self.assertEqual(outcome.talk["deliveries"], 120)
        self.assertTrue(0.3 <= outcome.talk["seconds"] < 1, outcome.talk)

    def test_clients_that_do_not_read_are_not_waited_for(self) -> None:
        with Server(PEERS["floor-turn"], None) as server:
            load = Load(clients=10, senders=2, stalled=4, messages=50)
            outcome = run(load, "raw", server.port, server.pid, None)
        self.assertEqual(outcome.talk["deliveries"], 6 * 50)
        self.assertEqual(outcome.talk["gone_after"], -1)

    def test_no_server(self) -> None:
        error = self.assertRaises(LoadFailed, run, Load(clients=1), "raw", 1, os.getpid(), None)
        self.assertIn("cannot connect", str(error))

    def test_the_command_writes_table_figures_and_chart(self) -> None:
        folder = Path(self.folder.name)
        chart, figures = folder / "chart.svg", folder / "figures.json"
        asked = ["few", "--peer", "floor-turn", "--runs", "2", "--messages", "300"]
        self.assertEqual(main([*asked, "--chart", str(chart), "--json", str(figures)]), 0)
        self.assertIn("<svg", chart.read_text())
        self.assertEqual(len(json.loads(figures.read_text())["floor-turn"]), 2)


class HistoryTests(TestCase):
    def test_texts_have_what_is_searched_for(self) -> None:
        texts = list(history.texts(60_000))
        self.assertEqual(sum(history.COMMON in t.split() for t in texts), 30_000)
        self.assertEqual([t.split()[-1] for t in texts if "rare" in t], ["rare50000"])
        self.assertEqual(len({history.word(n) for n in range(10_000)}), 10_000)

    def test_the_daemon_s_store_takes_it(self) -> None:
        self.addCleanup(history.forget)
        with history.filled(1500) as folder:
            self.assertTrue(sum(file.stat().st_size for file in folder.iterdir()) > 100_000)
