"""What is done now and then: forgetting what is too old, noting what was read, following the operator's orders."""

from __future__ import annotations

import re
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger

from .chat import orders, presence
from .chat.chat import Chat
from .chat.permissions import parse_duration
from .store.interface import Store, StoreError

ORDERS_EVERY = 1.0
OTHERS_EVERY = 60.0
STEP = 500
PAUSE = 0.05
ERASE_STEP = 20_000


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
    """Runs beside the daemon. Whatever fails is logged, and tried again the next time."""

    log = Logger()

    def __init__(self, reactor: Any, chat: Chat, store: Store, keep: Keep | None = None) -> None:
        self._reactor = reactor
        self._chat = chat
        self._store = store
        self._keep = keep
        self._busy: set[str] = set()
        self._loops = [self._loop(self.follow_orders), self._loop(self._others)]

    def start(self) -> None:
        for loop, pause in zip(self._loops, (ORDERS_EVERY, OTHERS_EVERY), strict=True):
            loop.start(pause, now=False)

    def stop(self) -> None:
        for loop in self._loops:
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
        """Do what the operator has left orders for."""
        for key, order in await self._store.read_records("order"):
            if order.get("do") == "prune":
                orders.answer(self._chat, key, await self._ordered_prune(str(order.get("keep"))))
                continue
            orders.execute(self._chat, key, order)
            if order.get("do") == "erase":
                await self._erase(str(order.get("name")))
        # What was ordered is gone from the store before orders are looked for again.
        await self._settled()

    async def _ordered_prune(self, keep: str) -> str:
        try:
            return f"{await self.prune(Keep(keep))} events are removed."
        except ValueError as error:
            return str(error)

    async def _others(self) -> None:
        presence.remember_all(self._chat)
        if self._keep is not None:
            await self.prune(self._keep)

    async def prune(self, keep: Keep) -> int:
        """Forget what is beyond what is to be kept, in steps so small that no commit waits for long.

        @return: how many events were removed.
        """
        now = self._reactor.seconds()
        removed = 0
        while True:
            if keep.seconds is not None:
                before, limit = int((now - keep.seconds) * 1000), STEP
            else:
                assert keep.events is not None
                before, limit = int(now * 1000) + 1, min(STEP, await self._store.size() - keep.events)
            step = await self._store.forget(before, limit) if limit > 0 else 0
            removed += step
            if step < STEP:
                return removed
            await self._pause(PAUSE)

    async def _erase(self, name: str) -> None:
        after: int | None = 0
        while after is not None:
            after = await self._store.erase(name, after, ERASE_STEP)
            await self._pause(PAUSE)

    async def _settled(self) -> None:
        await self._pause(ORDERS_EVERY / 2)

    def _pause(self, seconds: float) -> Deferred[None]:
        return deferLater(self._reactor, seconds)
