"""Checking passwords: in threads, so many at once, and those first who guess least."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher, textFileLogObserver
from twisted.trial.unittest import SynchronousTestCase, TestCase

from twisted_chat.auth import passwords as module
from twisted_chat.auth.passwords import HASHER, MOST_WAITING, PENALTY, Passwords
from twisted_chat.auth.throttle import FREE
from twisted_chat.chat.errors import Refused
from twisted_chat.chat.names import parse_name

HERE = "192.0.2.1"


class Threads:
    """Threads that do a job when a test says so."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Deferred[Any], Callable[[], Any]]] = []

    def __call__(self, reactor: Any, pool: Any, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.jobs.append((done, lambda: function(*args)))
        return done

    def run(self) -> int:
        """Let one turn of jobs be done. @return: how many there were."""
        jobs, self.jobs = self.jobs, []
        for done, job in jobs:
            done.callback(job())
        return len(jobs)


class OrderTests(SynchronousTestCase):
    """Whose turn it is. A password is right when it is "right"."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.threads = Threads()
        self.patch(module, "deferToThreadPool", self.threads)
        self.patch(module, "_verify", lambda hashed, password: password == "right")
        self.passwords = Passwords(self.clock, threads=2)
        self.answers: list[tuple[str, Any]] = []

    def check(self, name: str, password: str = "right", address: str = HERE, hashed: str = "hash") -> None:
        def done(right: bool | Refused) -> None:
            self.answers.append((name, right.code if isinstance(right, Refused) else right))

        self.passwords.check(address, parse_name(name), hashed, password, done)

    def finish(self) -> None:
        while self.threads.run():
            self.clock.advance(0)

    def test_right_and_wrong(self) -> None:
        self.check("ann")
        self.check("bob", "wrong")
        self.check("nobody", "right", hashed="")
        self.finish()
        self.assertEqual(sorted(self.answers), [("ann", True), ("bob", False), ("nobody", False)])

    def test_so_many_at_once(self) -> None:
        for i in range(5):
            self.check(f"name{i}", address=f"192.0.2.{i}")
        self.assertEqual([self.threads.run(), self.threads.run(), self.threads.run()], [2, 2, 1])

    def test_an_unknown_name_takes_a_thread_as_long(self) -> None:
        self.check("nobody", hashed="")
        self.assertEqual((self.answers, len(self.threads.jobs)), ([], 1))

    def test_who_has_not_failed_goes_before_those_who_have(self) -> None:
        for i in range(4):
            self.check(f"name{i}", "wrong", "198.51.100.1")
        self.finish()
        self.answers.clear()
        for _ in range(2):
            self.check("busy", address="192.0.2.77")
        for i in range(3):
            self.check(f"guess{i}", "wrong", "198.51.100.1")
        self.check("ann")
        self.finish()
        names = [name for name, _ in self.answers]
        self.assertLess(names.index("ann"), names.index("guess0"))

    def test_one_of_whose_address_many_wait_waits_longer(self) -> None:
        for i in range(8):
            self.check(f"name{i}", "wrong", "198.51.100.1")
        self.check("ann")
        self.threads.run()
        self.threads.run()
        self.assertIn(("ann", True), self.answers)

    def test_too_many_attempts_are_answered_late_and_without_a_look(self) -> None:
        for _ in range(FREE):
            self.check("ann", "wrong")
        self.finish()
        self.answers.clear()
        self.check("ann")
        self.assertEqual((self.answers, self.threads.jobs), ([], []))
        self.clock.advance(PENALTY)
        self.assertEqual(self.answers, [("ann", "slow-down")])
        self.clock.advance(60)
        self.check("ann")
        self.finish()
        self.assertEqual(self.answers[-1], ("ann", True))

    def test_of_those_that_wait_together_the_first_failures_count_for_the_others(self) -> None:
        for _ in range(20):
            self.check("ann", "wrong")
        while self.threads.jobs or self.passwords._waiting:
            self.threads.run()
            self.clock.advance(0)
        self.clock.advance(PENALTY)
        refused = [answer for answer in self.answers if answer[1] == "slow-down"]
        self.assertEqual(len(self.answers), 20)
        # Two were looked at together: so one more than FREE may be.
        self.assertGreaterEqual(len(refused), 20 - FREE - 1)

    def test_a_crowd_of_guesses_is_sent_away_but_not_who_has_done_nothing(self) -> None:
        for i in range(MOST_WAITING + 2):
            self.check(f"name{i}", "wrong", f"10.0.{i // 256}.{i % 256}")
        self.check("name0", "wrong", "10.0.0.0")
        self.clock.advance(PENALTY)
        self.assertEqual(self.answers, [])
        self.check("name3", "wrong", "10.0.0.3")
        self.clock.advance(PENALTY)
        self.assertEqual(self.answers, [("name3", "slow-down")])
        self.check("ann")
        self.threads.run()
        self.threads.run()
        self.assertIn(("ann", True), self.answers)

    def test_a_defect_is_logged_and_the_next_is_served(self) -> None:
        def done(right: bool | Refused) -> None:
            raise RuntimeError("a defect")

        self.passwords.check(HERE, parse_name("ann"), "hash", "right", done)
        self.finish()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.check("ann")
        self.finish()
        self.assertEqual(self.answers, [("ann", True)])


class NobodyTests(SynchronousTestCase):
    def test_comparing_with_nobodys_password_takes_as_long_as_with_another(self) -> None:
        nobodys = Passwords(Clock())._nobody
        self.assertEqual(extract_parameters(nobodys), extract_parameters(HASHER.hash("x")))
        self.assertRaises(VerifyMismatchError, HASHER.verify, nobodys, "x")
        self.assertNotEqual(nobodys, Passwords(Clock())._nobody)


class RealTests(TestCase):
    """Argon2 and threads as they are."""

    def setUp(self) -> None:
        checker = InMemoryUsernamePasswordDatabaseDontUse(out=b"their password")  # type: ignore[no-untyped-call]
        self.passwords = Passwords(reactor, [checker], threads=2)
        self.passwords.start()
        self.addCleanup(self.passwords.stop)
        self.log = io.StringIO()
        observer = textFileLogObserver(self.log)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def hash(self, password: str) -> Deferred[str]:
        done: Deferred[Any] = Deferred()
        self.passwords.hash("192.0.2.1", password, done.callback)
        return done.addCallback(lambda secret: secret.hashed)

    def check(self, name: str, hashed: str, password: str) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.passwords.check(HERE, parse_name(name), hashed, password, done.callback)
        return done

    async def test_what_was_hashed_is_recognised(self) -> None:
        one, other = await gatherResults([self.hash("correct-horse"), self.hash("correct-horse")])
        self.assertTrue(one.startswith("$argon2id$"))
        self.assertNotEqual(one, other)
        self.assertIs(await self.check("ann", one, "correct-horse"), True)
        self.assertIs(await self.check("ann", one, "correct-horsf"), False)
        self.assertIs(await self.check("ann", "no hash", "correct-horse"), False)
        self.assertIs(await self.check("ann", "", "correct-horse"), False)

    async def test_others_are_asked_for_names_that_have_no_password_here(self) -> None:
        self.assertTrue(self.passwords.outside)
        self.assertIs(await self.check("out", "", "their password"), True)
        self.assertIs(await self.check("out", "", "wrong"), False)
        hashed = await self.hash("correct-horse")
        self.assertIs(await self.check("out", hashed, "their password"), False)

    async def test_a_checker_that_fails_lets_nobody_in_and_no_password_out(self) -> None:
        class Broken:
            def requestAvatarId(self, credentials: Any) -> Any:
                raise OSError("the directory is away")

        self.passwords._checkers = [Broken()]  # type: ignore[list-item]
        self.assertIs(await self.check("out", "", "xyzzy-secret"), False)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertIn("the directory is away", self.log.getvalue())
        self.assertNotIn("xyzzy", self.log.getvalue())
