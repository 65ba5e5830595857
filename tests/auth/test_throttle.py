"""How often one may try a password."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.auth import throttle as module
from twisted_chat.auth.throttle import FORGOTTEN, FREE, LONGEST, Throttle, network

HERE, ELSEWHERE = "192.0.2.1", "203.0.113.9"


class ThrottleTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.throttle = Throttle()

    def fail_often(self, address: str, account: str, times: int = FREE, now: float = 0.0) -> None:
        for _ in range(times):
            self.throttle.failed(address, account, now)

    def test_the_first_attempts_are_free(self) -> None:
        for _ in range(FREE):
            self.assertEqual(self.throttle.wait(HERE, "ann", 0), 0)
            self.throttle.failed(HERE, "ann", 0)
        self.assertGreater(self.throttle.wait(HERE, "ann", 0), 0)

    def test_pauses_double_up_to_the_longest(self) -> None:
        self.fail_often(HERE, "ann")
        waits = []
        for _ in range(12):
            waits.append(self.throttle.wait(HERE, "ann", 0))
            self.throttle.failed(HERE, "ann", 0)
        self.assertEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST, LONGEST, LONGEST])

    def test_they_pass(self) -> None:
        self.fail_often(HERE, "ann", FREE + 3)
        self.assertEqual([self.throttle.wait(HERE, "ann", now) for now in (0, 3, 7.5, 8, 99)], [8, 5, 0.5, 0, 0])

    def test_they_count_for_the_address_and_for_the_account(self) -> None:
        self.fail_often(HERE, "ann")
        self.assertGreater(self.throttle.wait(HERE, "bob", 0), 0)
        self.assertGreater(self.throttle.wait(ELSEWHERE, "ann", 0), 0)
        self.assertEqual(self.throttle.wait(ELSEWHERE, "bob", 0), 0)

    def test_many_addresses_together_are_slowed_on_one_account(self) -> None:
        for i in range(FREE):
            self.throttle.failed(f"198.51.100.{i}", "ann", 0)
        self.assertGreater(self.throttle.wait(HERE, "ann", 0), 0)

    def test_nobody_locks_an_owner_out_of_where_they_were_before(self) -> None:
        self.throttle.succeeded(HERE, "ann")
        self.fail_often(ELSEWHERE, "ann", 50)
        self.assertEqual(self.throttle.wait(HERE, "ann", 0), 0)
        self.fail_often(HERE, "bob")
        self.assertGreater(self.throttle.wait(HERE, "ann", 0), 0)

    def test_success_clears_the_address_but_not_the_account(self) -> None:
        self.fail_often(HERE, "ann")
        self.throttle.succeeded(HERE, "bob")
        self.assertEqual(self.throttle.wait(HERE, "bob", 0), 0)
        self.assertGreater(self.throttle.wait(ELSEWHERE, "ann", 0), 0)

    def test_all_is_forgotten_after_a_while(self) -> None:
        self.fail_often(HERE, "ann", 20)
        self.assertEqual(self.throttle.failures(HERE, FORGOTTEN), 20)
        self.assertEqual(self.throttle.failures(HERE, FORGOTTEN + 1), 0)
        self.throttle.failed(HERE, "ann", FORGOTTEN + 1)
        self.assertEqual(self.throttle.wait(HERE, "ann", FORGOTTEN + 1), 0)

    def test_suspicion_counts_what_failed_and_trusts_those_who_belong_together(self) -> None:
        self.throttle.failed(HERE, "ann", 0)
        self.throttle.failed(ELSEWHERE, "ann", 0)
        self.assertEqual(self.throttle.suspicion(HERE, "ann", 0), 1 + 2)
        self.assertEqual(self.throttle.suspicion(HERE, "bob", 0), 1)
        self.throttle.succeeded(HERE, "ann")
        self.assertEqual(self.throttle.suspicion(HERE, "ann", 0), -1)

    def test_memory_is_bounded(self) -> None:
        self.patch(module, "MOST", 100)
        for i in range(300):
            self.throttle.failed(f"10.0.{i // 256}.{i % 256}", f"name{i}", 0)
            self.throttle.succeeded(f"10.1.{i // 256}.{i % 256}", f"name{i}")
        self.assertLessEqual(len(self.throttle._failures), 100)
        self.assertLessEqual(len(self.throttle._known), 100)
        self.assertEqual(self.throttle.failures("10.0.1.43", 0), 1)


class NetworkTests(SynchronousTestCase):
    def test_what_an_address_counts_by(self) -> None:
        for address, counts_by in (
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::ffff", "2001:db8:1:2::"),
            ("fe80::1%eth0", "fe80::"),
            ("", ""),
        ):
            self.assertEqual(network(address), counts_by)
        self.assertNotEqual(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"))
