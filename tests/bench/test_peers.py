"""Tests for L{bench.peers}, L{bench.load} and the command line."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from twisted.trial.unittest import TestCase

from bench import peers
from bench.__main__ import arguments, main
from bench.load import Load, LoadFailed, parse
from bench.server import Server, ServerFailed


class SelectTests(TestCase):
    def test_a_program_that_is_not_there_is_named_and_left_out(self) -> None:
        self.patch(peers, "_which", lambda program: None)
        self.patch(peers, "compiler", lambda: None)
        found, absent = peers.select(["ngircd", "floor", "inspircd"])
        self.assertEqual(found, [])
        self.assertEqual(absent["ngircd"], "ngircd is not installed")
        self.assertEqual(list(absent), ["ngircd", "floor-turn", "floor-line", "inspircd"])

    def test_nobody_to_measure_is_a_failure(self) -> None:
        self.patch(peers, "_which", lambda program: None)
        self.assertEqual(main(["fanout", "--peer", "ngircd"]), 1)

    def test_a_server_asked_for_twice_runs_once(self) -> None:
        self.patch(peers, "compiler", lambda: "cc")
        found, _ = peers.select(["floor-line", "floor", "floor-line"])
        self.assertEqual([peer.name for peer in found], ["floor-line", "floor-turn"])

    def test_configurations_are_complete(self) -> None:
        for name in ("ngircd", "inspircd"):
            folder = Path(mkdtemp())
            self.addCleanup(rmtree, folder)
            peers.PEERS[name].command(folder, 4321)
            config = (folder / f"{name}.conf").read_text()
            self.assertIn("4321", config)
            self.assertNotIn("{", config)

    def test_ours_keeps_its_database_in_the_folder(self) -> None:
        command = peers.PEERS["ours"].command(Path("/somewhere"), 4321)
        self.assertEqual(command[command.index("--database") + 1], "/somewhere/chat.sqlite")
        self.assertIn("tcp:4321:interface=127.0.0.1", command)

    def test_a_server_that_ends_at_once_is_told_with_its_last_words(self) -> None:
        def command(folder: Path, port: int) -> list[str]:
            return ["sh", "-c", "echo no such luck; exit 3"]

        peer = peers.Peer("broken", "raw", "peer", lambda: None, command, lambda: "broken")
        error = self.assertRaises(ServerFailed, Server(peer, None).__enter__)
        self.assertIn("no such luck", str(error))


class LoadTests(TestCase):
    def test_arguments(self) -> None:
        self.assertIn("clients=7", Load(clients=7).arguments())

    def test_an_error_is_told_even_after_half_a_result(self) -> None:
        error = self.assertRaises(LoadFailed, parse, '{"login": {"clients": 3\n{"error": "client 2 is not let in"}\n')
        self.assertEqual(str(error), "client 2 is not let in")

    def test_no_result_is_an_error(self) -> None:
        self.assertRaises(LoadFailed, parse, "")
        self.assertRaises(LoadFailed, parse, "Segmentation fault")

    def test_figures(self) -> None:
        outcome = parse(
            '{"login": {"clients": 10, "seconds": 1, "settled": 2, "cpu": 0.5, "rss_empty_kib": 100, "rss_kib": 140},'
            ' "talk": {"seconds": 2, "deliveries": 1000, "cpu": 0.001, "p50_us": 1500, "p99_us": 2500, "max_us": 3000,'
            ' "rss_peak_kib": 1164, "gone_after": -1}}'
        )
        values = outcome.values()
        self.assertEqual(values["cpu_us"], 1.0)
        self.assertEqual(values["deliveries_s"], 500)
        self.assertEqual(values["kib_per_client"], 4)
        self.assertEqual(values["login_cpu_us"], 50_000)
        self.assertEqual(values["p99_ms"], 2.5)
        self.assertEqual(values["rss_growth_mib"], 1)


class OptionsTests(TestCase):
    def test_peers_may_be_listed_or_repeated(self) -> None:
        options = arguments(["few", "--peer", "ngircd", "floor", "--peer", "ours", "--runs", "3"])
        self.assertEqual(options.peer, ["ngircd", "floor", "ours"])
        self.assertEqual(options.runs, 3)

    def test_no_runs_are_refused(self) -> None:
        self.assertRaises(SystemExit, arguments, ["few", "--runs", "0"])
