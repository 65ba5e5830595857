"""The outbox with everything at random: what is added, what fails, how long it takes, who adds in the middle of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.acts import Act, Answer
from twisted_chat.chat.events import Event, Kind, Record
from twisted_chat.delivery import turn as turns
from twisted_chat.delivery.turn import GATHER, Turn
from twisted_chat.store.interface import StoreError

RUNS = 150


class Nobody:
    user = room = waiting_label = None


class Line:
    """One who is read from."""

    paused = False

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False


class Trial:
    """A turn between a store and a fanout that do what they like, until they are C{calm}."""

    position = 0

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.clock = Clock()
        self.calm = False
        self.appending = False
        self.added: list[tuple[Event | Answer, str]] = []
        self.kept: set[int] = set()
        self.seen: list[object] = []
        self.undone: list[object] = []
        self.session: Any = Nobody()
        store: Any = self
        self.turn = Turn(store, store, self.clock.callLater, self.clock.seconds, self.random.choice([0.0, GATHER]))

    def chance(self, share: float) -> bool:
        return not self.calm and self.random.random() < share

    # The store

    def append(self, records: Sequence[Record]) -> Deferred[None]:
        assert not self.appending and records
        if self.chance(0.03):
            raise TypeError("a defect")
        self.appending = True
        done: Deferred[None] = Deferred()

        def answer() -> None:
            self.appending = False
            if self.chance(0.3):
                done.errback(StoreError("full") if self.random.random() < 0.8 else TypeError("a defect"))
                return
            self.kept.update(map(id, records))
            self.feed(records)  # type: ignore[attr-defined]
            done.callback(None)

        wait = self.random.choice([None, 0, 0, 0.0001, 0.001, 0.5, 1.5])
        answer() if wait is None else self.clock.callLater(wait, answer)
        return done

    # The fanout

    def deliver(self, steps: Sequence[object]) -> None:
        for step in steps:
            assert not isinstance(step, Event) or id(step) in self.kept, "seen before it is kept"
            self.seen.append(step)
            if self.chance(0.1):
                self.add()
        if self.chance(0.02):
            raise TypeError("a defect")

    # The chat

    def add(self, kind: str | None = None) -> None:
        kind = kind or self.random.choice(["said", "said", "said", "answer", "fact"])
        text = str(len(self.added))
        if kind == "answer":
            answer = Answer(self.session, "info", text)
            self.added.append((answer, kind))
            self.turn.add(Act(self.session, [answer]))
            return
        event = Event(Kind.MESSAGE, 0, "#lobby", "kim", text=text)
        self.added.append((event, kind))
        undo = partial(self.undo, event) if kind == "said" else None
        self.turn.add(Act(self.random.choice([self.session, None]), [event], undo, fact=kind == "fact"))

    def undo(self, event: Event) -> None:
        self.undone.append(event)
        if self.chance(0.2):
            self.add("answer")
        if self.chance(0.05):
            raise TypeError("a defect")


class TurnMachine(SynchronousTestCase):
    def run_one(self, seed: int) -> None:
        trial = Trial(seed)
        turn, chance, choice = trial.turn, trial.random, trial.random.choice
        lines = [Line(), Line()]
        waiting: list[list[None]] = []
        for _ in range(chance.randint(5, 60)):
            match choice(["add", "add", "add", "read", "wait", "others", "time", "time"]):
                case "add":
                    for _ in range(choice([1, 1, 2, 6, 30])):
                        trial.add()
                case "read":
                    line = choice(lines)
                    if not line.paused:
                        self.assertEqual(turn.slow_down(line), line.paused)
                case "wait":
                    waiting.append([])
                    turn.finished().addCallback(waiting[-1].append)
                case "others":
                    event = Event(Kind.MESSAGE, 0, "#lobby", "bob", text="from elsewhere")
                    trial.kept.add(id(event))
                    trial.added.append((event, "others"))
                    turn.feed([event])
                case _:
                    trial.clock.advance(choice([0, 0, 0.0001, 0.0003, 0.01, 0.5, 1.0]))
        trial.calm = True
        for more in (False, True):
            if more:
                trial.add("said")
            for _ in range(50):
                trial.clock.advance(0.1)
            self.assertEqual(turn.waiting, 0)
        self.assertTrue(all(waiting))
        self.assertFalse(any(line.paused for line in lines))
        self.assertEqual(turn._awaited + turn._expected, [])
        seen, undone = [*map(id, trial.seen)], [*map(id, trial.undone)]
        for step, kind in trial.added:
            expected = 0 if id(step) in undone else 1
            self.assertEqual((seen.count(id(step)), undone.count(id(step))), (expected, 1 - expected), kind)
        for of in ("said", "fact"):
            kinds = {id(step): kind for step, kind in trial.added}
            order = [int(step.text) for step in trial.seen if isinstance(step, Event) and kinds[id(step)] == of]
            self.assertEqual(order, sorted(order))

    def test_all_is_delivered_once_in_order_or_taken_back_once_and_nobody_waits_for_ever(self) -> None:
        self.patch(turns, "CONGESTED", 20)
        for seed in range(RUNS):
            try:
                self.run_one(seed)
            except Exception as error:
                raise AssertionError(f"with seed {seed}: {error}") from error
        self.flushLoggedErrors(TypeError)
