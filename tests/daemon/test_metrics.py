"""What Prometheus is told."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from chat_support import World
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.daemon.metrics import ChatCollector, make_site
from twisted_chat.daemon.watchdog import Watchdog
from twisted_chat.delivery.turn import Turn


class MetricsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.watchdog = Watchdog(self.world.clock)
        self.refusals: Any = SimpleNamespace(refused=Counter(), cut_off=Counter(), slowed=0)
        passwords: Any = SimpleNamespace(waiting=3)
        self.certificates: list[Any] = []
        collector = ChatCollector(
            "1.2", self.world.chat, self.world.turn, self.world.fanout, passwords, self.watchdog,
            {"line": [self.world.factory], "irc": []}, self.refusals, self.certificates,
        )  # fmt: skip
        self.site = make_site(collector, self.world.turn)

    def ask(self, path: str = "/metrics", method: str = "GET") -> tuple[int, str]:
        """@return: the status and the body."""
        protocol = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
        wire = StringTransport()
        protocol.makeConnection(wire)
        protocol.dataReceived(f"{method} {path} HTTP/1.0\r\n\r\n".encode())
        head, _, body = wire.value().partition(b"\r\n\r\n")
        protocol.connectionLost(None)
        return int(head.split()[1]), body.decode()

    def numbers(self) -> dict[str, float]:
        """Each sample by its name and labels."""
        status, text = self.ask()
        self.assertEqual(status, 200)
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
                found[sample.name.removeprefix("twisted_chat_") + (f"{{{labels}}}" if labels else "")] = sample.value
        return found

    def test_who_is_here(self) -> None:
        self.world.account("kim")
        self.world = World(self.world.store)
        self.setUp_again()
        kim, kim2, bob = self.world.enter("kim"), self.world.enter("kim"), self.world.enter("bob", "#dev")
        self.world.connect()
        numbers = self.numbers()
        self.assertEqual(numbers["connections{protocol=line}"], 4)
        self.assertEqual(numbers["connections{protocol=irc}"], 0)
        self.assertEqual((numbers["users"], numbers["rooms"], numbers["accounts"]), (2, 2, 1))
        self.assertEqual(numbers["logins_total"], 3)
        for client in (kim, kim2, bob):
            client.drop()
        self.world.settle()
        numbers = self.numbers()
        self.assertEqual((numbers["users"], numbers["logins_total"]), (0, 3))

    def setUp_again(self) -> None:
        world = self.world
        store = world.store
        MetricsTests.setUp(self)
        self.world.store._records = store._records
        self.world.chat.restore((), store.records())

    def test_events_and_deliveries(self) -> None:
        clients = [self.world.enter(name) for name in ("kim", "bob", "ann")]
        before = self.numbers()
        clients[0].send("one", "two")
        self.world.settle()
        after = self.numbers()
        self.assertEqual(after["events_total"] - before["events_total"], 2)
        self.assertEqual(after["deliveries_total"] - before["deliveries_total"], 6)
        # With an answer in between, and in two rooms at once.
        clients[1].send("/join #dev")
        clients[0].send("/join #dev")
        self.world.settle()
        before = self.numbers()
        clients[0].send("three", "/who", "/join #lobby", "four")
        self.world.settle()
        after = self.numbers()
        self.assertEqual(after["events_total"] - before["events_total"], 2)
        self.assertEqual(after["deliveries_total"] - before["deliveries_total"], 2 + 3)

    def test_commits(self) -> None:
        ticks = iter(range(1000))
        self.world.turn._now = lambda: next(ticks) * 0.002
        kim = self.world.enter("kim")
        kim.say("hello")
        self.world.store.full = True
        kim.say("refused")
        numbers = self.numbers()
        self.assertEqual(numbers["commit_seconds_count"], 2)
        self.assertAlmostEqual(numbers["commit_seconds_sum"], 0.004)
        self.assertEqual(numbers["commit_seconds_bucket{le=0.001}"], 0)
        self.assertEqual(numbers["commit_seconds_bucket{le=0.0025}"], 2)
        self.assertEqual(numbers["commit_seconds_bucket{le=+Inf}"], 2)
        self.assertEqual(numbers["commit_failures_total"], 1)

    def test_what_waits(self) -> None:
        kim = self.world.enter("kim")
        kim.session.pauseProducing()
        self.world.enter("bob").say("hello")
        self.world.store.hold = True
        kim.send("a", "b")
        self.world.settle()
        numbers = self.numbers()
        self.assertGreater(numbers["send_queue_bytes"], 10)
        self.assertEqual(numbers["send_queue_bytes_most"], kim.session.queued)
        self.assertEqual((numbers["commit_queue"], numbers["password_queue"]), (2, 3))
        self.world.store.release()
        kim.session.resumeProducing()

    def test_the_reactor_and_refusals_and_certificates(self) -> None:
        self.watchdog.latency.observe(0.3)
        self.refusals.refused["rate"] += 2
        self.refusals.cut_off["queue"] += 1
        self.refusals.slowed = 7
        self.certificates.append(SimpleNamespace(path="/a.pem", expires=99.0))
        numbers = self.numbers()
        self.assertEqual(numbers["reactor_latency_seconds_bucket{le=0.5}"], 1)
        self.assertEqual(numbers["refused_total{reason=rate}"], 2)
        self.assertEqual(numbers["cut_off_total{reason=queue}"], 1)
        self.assertEqual(numbers["slowed_total"], 7)
        self.assertEqual(numbers["certificate_expires_seconds{file=/a.pem}"], 99)
        self.assertEqual(numbers["info{version=1.2}"], 1)
        self.assertGreater(numbers["process_resident_memory_bytes"], 1 << 20)

    def test_health_is_whether_the_log_can_be_written(self) -> None:
        self.assertEqual(self.ask("/health"), (200, "ok\n"))
        kim = self.world.enter("kim")
        self.world.store.full = True
        kim.say("refused")
        self.assertEqual(self.ask("/health"), (503, "the log cannot be written\n"))
        self.world.store.full = False
        kim.say("hello")
        self.assertEqual(self.ask("/health")[0], 200)

    def test_nothing_else_is_there(self) -> None:
        for path in ("/", "/metrics/more", "/%2e%2e/etc/passwd"):
            self.assertEqual(self.ask(path)[0], 404)
        self.assertEqual(self.ask("/metrics", "POST")[0], 405)

    def test_what_is_asked_for_does_not_come_back(self) -> None:
        self.assertNotIn("script", self.ask("/<script>")[1])

    def test_a_turn_needs_no_clock_of_its_own_to_be_measured(self) -> None:
        self.assertEqual(Turn(self.world.store, self.world.fanout, self.world.clock.callLater).waiting, 0)
