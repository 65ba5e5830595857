"""What is done now and then: forgetting what is too old, noting what was read, following the operator's orders."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger

from .chat import catchup, orders
from .chat.acts import Act
from .chat.chat import Chat
from .chat.errors import Refused
from .chat.events import Put
from .chat.names import parse_name
from .chat.permissions import parse_duration
from .store.interface import Store, StoreError

ORDERS_EVERY = 0.5
PRUNE_EVERY = 5.0
NOTE_EVERY = 60.0
STEP = 500
PAUSE = 0.02
REMEMBERED = 100
ERASE_STEP = 5_000
SETTLED_TRIES = 100


class Keep:
    """How much is kept: C{90d} is a time, C{1000000} a number of events."""

    def __init__(self, text: str) -> None:
        """
        @raise ValueError: it is neither.
        """
        self.seconds = parse_duration(text)
        self.events = int(text) if re.fullmatch("[1-9][0-9]{0,11}", text) else None
        if self.seconds is None and self.events is None:
            raise ValueError(f"{text}: neither a time such as 90d nor a number such as 1000000")


class Housekeeping:
    """Runs beside the daemon. Whatever fails is logged, and tried again the next time.

    @ivar keep: how much is kept; C{None}: everything.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        chat: Chat,
        store: Store,
        keep: Keep | None = None,
        forgotten: Callable[[], None] = lambda: None,
    ) -> None:
        """
        @param forgotten: called when something has been taken from the log.
        """
        self._reactor = reactor
        self._chat = chat
        self._store = store
        self.keep = keep
        self._forgotten = forgotten
        self._busy: set[str] = set()
        self._followed: set[str] = set()
        self._stopped = False
        # Whether something that the last process began may have to be finished.
        self._unfinished = True
        self._loops = [
            (self._loop(self.follow_orders), ORDERS_EVERY),
            (self._loop(self._prune), PRUNE_EVERY),
            (self._loop(self._note), NOTE_EVERY),
        ]

    def start(self) -> None:
        for loop, pause in self._loops:
            # Pruning begins at once: who starts with less to keep than there was wants to see it gone.
            loop.start(pause, now=pause == PRUNE_EVERY)

    def stop(self) -> None:
        self._stopped = True
        for loop, _ in self._loops:
            if loop.running:
                loop.stop()

    def _loop(self, work: Any) -> LoopingCall:
        def once() -> None:
            if work.__name__ not in self._busy:
                self._busy.add(work.__name__)
                done = ensureDeferred(work()).addErrback(self._failed)
                done.addBoth(lambda _: self._busy.discard(work.__name__))

        loop = LoopingCall(once)
        loop.clock = self._reactor
        return loop

    def _failed(self, failure: Any) -> None:
        if failure.check(StoreError):
            self.log.warn("housekeeping: {error}", error=failure.getErrorMessage())
        else:
            self.log.failure("housekeeping failed: a defect, please report it", failure)

    async def follow_orders(self) -> None:
        """Do what the operator has left orders for, each once; and finish what was begun before the process ended."""
        found = await self._store.read_records("order")
        if not found and not self._unfinished:
            return
        self._unfinished = True
        self._followed &= {key for key, _ in found}
        for key, order in found:
            if key in self._followed:
                # It is done, but that is not on disk yet.
                continue
            self._followed.add(key)
            if order.get("do") == "prune":
                try:
                    orders.answer(self._chat, key, await self._ordered_prune(str(order.get("keep"))))
                except Exception:
                    # It is tried again.
                    self._followed.discard(key)
                    raise
                continue
            if order.get("do") == "erase":
                self._begin_erasing(str(order.get("name")))
            orders.execute(self._chat, key, order)
        await self._settled(self._followed)
        for key, _ in await self._store.read_records("erasing"):
            await self._erase(key)
        self._unfinished = False

    async def _ordered_prune(self, keep: str) -> str:
        try:
            return f"{await self.prune(Keep(keep))} events are removed."
        except ValueError as error:
            return str(error)

    async def _prune(self) -> None:
        if self.keep is not None:
            await self.prune(self.keep)

    async def _note(self) -> None:
        users = list(self._chat.users.values())
        for start in range(0, len(users), REMEMBERED):
            catchup.remember(self._chat, users[start : start + REMEMBERED])
            await self._pause(PAUSE)

    async def prune(self, keep: Keep) -> int:
        """Forget what is beyond what is to be kept, in steps so small that no commit waits for long.

        @return: how many events were removed.
        """
        now = self._chat.now()
        removed = 0
        while True:
            if keep.seconds is not None:
                before, limit = int((now - keep.seconds) * 1000), STEP
            else:
                assert keep.events is not None
                before, limit = int(now * 1000) + 1, min(STEP, await self._store.size() - keep.events)
            step = await self._store.forget(before, limit) if limit > 0 else 0
            removed += step
            if step < STEP or self._stopped:
                break
            await self._pause(PAUSE)
        if removed:
            self._forgotten()
        return removed

    async def _settled(self, keys: set[str]) -> None:
        """Wait until what was done is on disk; not for ever, if the disk is full."""
        for _ in range(SETTLED_TRIES):
            await self._pause(PAUSE)
            if self._stopped or not keys & {key for key, _ in await self._store.read_records("order")}:
                return

    def _begin_erasing(self, name: str) -> None:
        """Note, in the transaction that removes an account, that what it said is still there."""
        try:
            key = parse_name(name).key
        except Refused:
            return
        if self._chat.accounts.get(key) is not None:
            self._chat.outbox.add(Act(None, [Put("erasing", key, {})], fact=True))

    async def _erase(self, key: str) -> None:
        after: int | None = 0
        while after is not None and not self._stopped:
            after = await self._store.erase(key, after, ERASE_STEP)
            await self._pause(PAUSE)
        self._forgotten()
        if after is None:
            self._chat.outbox.add(Act(None, [Put("erasing", key, None)], fact=True))

    def _pause(self, seconds: float) -> Deferred[None]:
        return deferLater(self._reactor, seconds)
