"""A turn: what the commands of one turn of the reactor did, committed together and then delivered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..chat.acts import Act, Answer, Label, Session, Step, Sync
from ..chat.events import KEPT, Record
from ..store.interface import Store, StoreError
from .fanout import Fanout
from .histogram import Histogram

NOT_SENT = "Not sent: the server cannot write its log at the moment. Please try again."
CONGESTED = 5_000
RETRY = 1.0
# After a turn of more acts than L{MANY}, the next is gathered for so long at least, in seconds.
GATHER = 0.0003
MANY = 4


class Reader(Protocol):
    """Something that reads, and can be told to stop for a while."""

    def pauseProducing(self) -> None: ...
    def resumeProducing(self) -> None: ...


class Turn:
    """The chat's outbox.

    @ivar committed: how many events and records were committed; C{failures}: how many commits failed.
    @ivar latency: how long commits took.
    @ivar failing: whether the last commit failed.

    Acts are gathered until the reactor's turn ends; then their events are appended to the log in one transaction, and
    when that is on disk, everything is delivered in the order in which it was done. While that goes on the next acts
    gather, so that the slower the disk is, and the more people there are to be sent to, the more goes into one
    transaction, and into one write to each.

    So the next transaction does not begin before the last turn has gone out: what the disk would do meanwhile is less
    than what the processor would do twice. And where many talk at once, those who have just been sent to are about to
    go on: what comes of that is read first.
    """

    log = Logger()

    def __init__(
        self,
        store: Store,
        fanout: Fanout,
        later: Callable[[float, Callable[[], None]], object],
        now: Callable[[], float] = monotonic,
        gather: float = 0.0,
    ) -> None:
        """
        @param later: calls a function after so many seconds; 0 is the end of the reactor's turn
            (C{IReactorTime.callLater}).
        @param now: in seconds, for measuring how long commits take.
        @param gather: how long is waited for more to come while many talk at once, in seconds: L{GATHER}, where there
            are sockets to be read meanwhile.
        """
        self._store = store
        self._fanout = fanout
        self._later = later
        self._now = now
        self._gather = gather
        self._begun = 0.0
        self._not_before = 0.0
        self.committed = 0
        self.failures = 0
        self.latency = Histogram()
        self.failing = False
        self._gathered: list[Act] = []
        self._facts: list[Act] = []
        self._committing: list[Act] | None = None
        self._records: list[Record] = []
        self._due: deque[Sequence[Step]] = deque()
        self._scheduled = False
        self._retrying = False
        self._waiting: dict[Reader, None] = {}
        # Who waits for what is gathered, and for what is under way.
        self._awaited: list[Deferred[None]] = []
        self._expected: list[Deferred[None]] = []
        store.feed = self.feed

    def add(self, act: Act) -> None:
        """See L{Outbox}."""
        session = act.session
        if session is not None and session.waiting_label is not None:
            resumed = Label(session, session.waiting_label)
            self._gathered += [Act(session, (resumed,)), act, Act(session, (Label(session, None, False),))]
        else:
            self._gathered.append(act)
        if not self._scheduled:
            self._schedule()

    @property
    def position(self) -> int:
        """See L{Outbox}."""
        return self._fanout.position

    @property
    def waiting(self) -> int:
        """How many acts wait for the disk."""
        return len(self._gathered) + len(self._facts) + len(self._committing or ())

    def slow_down(self, producer: Reader) -> bool:
        """Called before input is taken: while more waits for the disk than is good, no more is read from there.

        @return: whether that is so; C{resumeProducing} then follows some day, unless it is L{forgotten<forget>}.
        """
        if len(self._gathered) <= CONGESTED:
            return False
        producer.pauseProducing()
        self._waiting[producer] = None
        return True

    def forget(self, producer: Reader) -> None:
        """There is nothing more to be read from there."""
        self._waiting.pop(producer, None)

    def finished(self) -> Deferred[None]:
        """Fires when everything added so far has been delivered, or given up, whatever is added later."""
        done: Deferred[None] = Deferred()
        if self._gathered:
            self._awaited.append(done)
        elif self._facts or self._committing is not None:
            self._expected.append(done)
        else:
            done.callback(None)
        return done

    def _take(self) -> list[Act]:
        """What is gathered is under way from here on."""
        acts, self._gathered = self._gathered, []
        self._expected += self._awaited
        self._awaited = []
        return acts

    def feed(self, records: Sequence[Record]) -> None:
        """Deliver what the log has committed: our own acts with everything that belongs to them, or others' events."""
        acts = self._committing
        if acts is None or records is not self._records:
            self._deliver(records)
            return
        self._committing = None
        self.failing = False
        self.committed += len(records)
        self.latency.observe(self._now() - self._begun)
        self._deliver([step for act in acts for step in act.steps])
        self._not_before = self._now() + self._gather if self._gather and len(acts) > MANY else 0.0
        self._scheduled = False
        if self._gathered:
            self._schedule()
        self._settle()

    def _schedule(self) -> None:
        """Commit what is gathered when the reactor's turn ends, or when more of it has been read."""
        self._scheduled = True
        self._later(max(0.0, self._not_before - self._now()) if self._not_before else 0, self._end)

    def _end(self) -> None:
        """The reactor's turn is over: commit what was gathered."""
        self._scheduled = False
        if self._committing is not None:
            return
        acts = self._take()
        if any(_is_kept(act) for act in acts):
            self._begin([*self._facts, *acts])
        else:
            self._deliver([step for act in acts for step in act.steps])
            self._settle()

    def _begin(self, acts: list[Act]) -> None:
        self._facts = []
        self._scheduled = True
        self._committing = acts
        self._records = [step for act in acts for step in act.steps if type(step) in KEPT]  # type: ignore[misc]
        self._begun = self._now()
        maybeDeferred(self._store.append, self._records).addErrback(self._failed)

    def _deliver(self, steps: Sequence[Step]) -> None:
        self._due.append(steps)
        self._send_due()

    def _send_due(self) -> None:
        while self._due:
            try:
                self._fanout.deliver(self._due.popleft())
            except Exception:
                self.log.failure("a delivery failed: a defect, please report it")

    def _failed(self, failure: Failure) -> None:
        """Nothing was committed: take everything back that waits for it, and say so; what is a fact is kept."""
        if not failure.check(StoreError):
            self.log.failure("the log failed: a defect, please report it", failure)
        elif not self.failing:
            self.log.error("the log cannot be written, messages are refused: {why}", why=failure.value)
        self.failing = True
        self.failures += 1
        acts = (self._committing or []) + self._take()
        self._committing = None
        facts: list[Act] = []
        steps: list[Step] = []
        touched: dict[Session, None] = {}
        for act in reversed(acts):
            if act.fact:
                facts.append(act)
            elif act.undo is None and not _is_kept(act):
                steps += reversed(act.steps)
                # One more connection of somebody who is where they were, after all.
                touched.update(dict.fromkeys(_sessions(act)))
            else:
                touched.update(dict.fromkeys(_sessions(act)))
                if act.undo is not None:
                    self._run(act.undo)
                touched.update(dict.fromkeys(_sessions(act)))
                if act.session is not None:
                    steps.append(_sorry(act))
        # Also those that came about while this was taken back.
        for act in [*reversed(facts), *self._gathered]:
            if act.amend is not None:
                self._run(act.amend)
        # All connections of those whose doings were taken back: some may be of later acts, which rested on these.
        # Of some facts nothing may be left that is kept.
        passing = [act for act in reversed(facts) if not _is_kept(act)]
        said = [step for act in passing for step in act.steps]
        self._deliver([*reversed(steps), *(Sync(session) for session in touched), *said])
        self._scheduled = False
        if self._gathered:
            self._schedule()
        self._facts = [act for act in reversed(facts) if _is_kept(act)]
        if self._facts and not self._retrying:
            self._retrying = True
            self._later(RETRY, self._retry)
        self._settle()

    def _run(self, undo: Callable[[], None]) -> None:
        """Take something back, or bring a fact in line with what was taken back."""
        try:
            undo()
        except Exception:
            # The others are to be taken back all the same, and what comes next is to be kept.
            self.log.failure("taking something back failed: a defect, please report it")

    def _retry(self) -> None:
        """Try to write what has happened all the same; whoever has something to say meanwhile tries it too."""
        self._retrying = False
        if self._facts and self._committing is None:
            self._begin([*self._facts, *self._take()])

    def _settle(self) -> None:
        """After a delivery: let those read on who were held back, and tell who waited for it."""
        if self._waiting and len(self._gathered) <= CONGESTED:
            waiting, self._waiting = self._waiting, {}
            for producer in waiting:
                producer.resumeProducing()
        if self._expected and not self._facts:
            expected, self._expected = self._expected, []
            for done in expected:
                done.callback(None)


def _is_kept(act: Act) -> bool:
    """Whether there is something in it that the log keeps."""
    return any(type(step) in KEPT for step in act.steps)


def _sessions(act: Act) -> list[Session]:
    """The connections that an act is about, and those of the same people."""
    named = [session for step in act.steps if (session := getattr(step, "session", None)) is not None]
    named += [act.session] if act.session is not None else []
    return named + [session for one in named if one.user is not None for session in one.user.sessions]


def _sorry(act: Act) -> Answer:
    assert act.session is not None
    if act.session.user is None:
        return Answer(act.session, "login", "!! " + NOT_SENT)
    return Answer(act.session, "error", NOT_SENT, {"code": "not-stored"})
