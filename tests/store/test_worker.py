"""The thread that does one thing after another."""

import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from twisted_chat.store.worker import Worker


class WorkerTests(TestCase):
    def worker(self, idle: Callable[[], bool] | None = None, pause: float = 0.01) -> Worker:
        timed: Any = reactor
        worker = Worker("test", timed.callFromThread, idle, pause)
        worker.start()
        self.addCleanup(self.end, worker)
        return worker

    def end(self, worker: Worker) -> Deferred[None]:
        worker.stop()
        return deferToThread(worker._thread.join, 5.0)

    async def test_functions_run_in_one_other_thread_in_the_order_asked(self) -> None:
        worker = self.worker()
        ran: list[tuple[int, int]] = []
        await gatherResults([worker.ask(lambda i=i: ran.append((i, threading.get_ident()))) for i in range(50)])
        self.assertEqual([i for i, _ in ran], list(range(50)))
        (thread,) = {thread for _, thread in ran}
        self.assertNotEqual(thread, threading.get_ident())

    async def test_answers_come_in_the_reactors_thread_in_the_order_asked(self) -> None:
        worker = self.worker()
        came: list[tuple[int, int]] = []
        asked = [worker.ask(abs, -i) for i in range(20)]
        for answer in asked:
            answer.addCallback(lambda i: came.append((i, threading.get_ident())))
        await gatherResults(asked)
        self.assertEqual(came, [(i, threading.get_ident()) for i in range(20)])

    async def test_what_a_function_raises_is_its_answer_and_the_next_runs(self) -> None:
        worker = self.worker()
        failed = worker.ask(int, "x")
        fine = worker.ask(int, "7")
        with self.assertRaises(ValueError):
            await failed
        self.assertEqual(await fine, 7)

    async def test_a_defect_in_what_is_done_when_idle_is_logged_and_what_is_asked_is_still_done(self) -> None:
        called = threading.Event()

        def idle() -> bool:
            called.set()
            raise ValueError("x")

        worker = self.worker(idle)
        await deferToThread(called.wait, 5.0)
        self.assertEqual(await worker.ask(abs, -1).addTimeout(5.0, reactor), 1)
        self.assertGreaterEqual(len(self.flushLoggedErrors(ValueError)), 1)

    async def test_what_was_asked_before_stop_is_still_done(self) -> None:
        worker = self.worker()
        worker.ask(time.sleep, 0.02)
        last = worker.ask(lambda: "done")
        worker.stop()
        self.assertEqual(await last, "done")
        await deferToThread(worker._thread.join, 5.0)
        self.assertFalse(worker._thread.is_alive())

    async def test_idle_is_called_until_it_has_nothing_to_do_and_again_after_the_next_request(self) -> None:
        left = [3]
        calls: list[int] = []
        rest: Deferred[None] = Deferred()

        def idle() -> bool:
            calls.append(threading.get_ident())
            left[0] -= 1
            if left[0] == 0:
                timed.callFromThread(rest.callback, None)
            return left[0] > 0

        timed: Any = reactor
        worker = self.worker(idle)
        await rest
        await deferToThread(time.sleep, 0.05)
        self.assertEqual(len(calls), 3)
        left[0], rest = 2, Deferred()
        await worker.ask(lambda: None)
        await rest
        await deferToThread(time.sleep, 0.05)
        self.assertEqual(len(calls), 5)
        self.assertNotIn(threading.get_ident(), calls)
