"""A thread that does one thing after another, and answers in the reactor's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

T = TypeVar("T")
Job = tuple[Callable[..., Any], tuple[Any, ...], "Deferred[Any]"]


class Worker:
    """One thread with a queue before it.

    The queue is as long as its callers let it be: the log has one append under way at a time, a session one reading.

    @ivar idle: called in the thread when nothing was asked for C{pause} seconds; it returns whether to call it again.
        One that raises is called again after the next thing that is asked.
    """

    log = Logger()

    def __init__(
        self,
        name: str,
        from_thread: Callable[..., object],
        idle: Callable[[], bool] | None = None,
        pause: float = 0.1,
    ) -> None:
        """
        @param from_thread: runs a function in the reactor's thread (C{IReactorFromThreads.callFromThread}).
        """
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._from_thread = from_thread
        self._idle = idle
        self._pause = pause
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self, function: Callable[..., T], *args: Any) -> Deferred[T]:
        """Call the function in the thread, after what was asked before.

        @return: fires with its result, or fails with what it raised.
        """
        answer: Deferred[T] = Deferred()
        self._jobs.put((function, args, answer))
        return answer

    def stop(self) -> None:
        """Let the thread end after what was asked before. Does not wait."""
        self._jobs.put(None)

    def _work(self) -> None:
        restless = self._idle is not None
        while True:
            try:
                job = self._jobs.get(timeout=self._pause if restless else None)
            except Empty:
                restless = self._rest()
                continue
            if job is None:
                return
            function, args, answer = job
            try:
                result = function(*args)
            except Exception:
                self._from_thread(answer.errback, Failure())
            else:
                self._from_thread(answer.callback, result)
            restless = self._idle is not None
            del job, function, args, answer

    def _rest(self) -> bool:
        try:
            return self._idle is not None and self._idle()
        except Exception:
            # Without this thread nothing is kept any longer.
            self.log.failure("{name}: a defect, please report it", name=self._thread.name)
            return False
