"""What the daemon counts, for Prometheus: read from where it is counted anyway, when somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import Site

from ..auth.passwords import Passwords
from ..chat.chat import Chat
from ..delivery.fanout import Fanout
from ..delivery.histogram import BOUNDS, Histogram
from ..delivery.turn import Turn
from ..protocols.intake import IntakeFactory
from .watchdog import Watchdog

if TYPE_CHECKING:
    from .tls import Certificates

F = TypeVar("F", CounterMetricFamily, GaugeMetricFamily)
Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


class Refusals(Protocol):
    """Who was not let in, slowed down or cut off, by reason."""

    refused: Counter[str]
    cut_off: Counter[str]
    slowed: int


class ChatCollector(Collector):
    """The daemon's numbers."""

    def __init__(
        self,
        version: str,
        chat: Chat,
        turn: Turn,
        fanout: Fanout,
        passwords: Passwords,
        watchdog: Watchdog,
        factories: Mapping[str, Sequence[IntakeFactory]],
        refusals: Refusals | None,
        certificates: Sequence[Certificates],
    ) -> None:
        """
        @param factories: of all listeners, by protocol.
        """
        self._version = version
        self._chat = chat
        self._turn = turn
        self._fanout = fanout
        self._passwords = passwords
        self._watchdog = watchdog
        self._factories = factories
        self._refusals = refusals
        self._certificates = certificates

    def collect(self) -> Iterator[Family]:
        """The registry's."""
        yield _gauge("info", "Always 1.", [({"version": self._version}, 1)])
        yield from self._people()
        yield from self._log()
        yield from self._queues()
        if self._refusals is not None:
            yield from _refused(self._refusals)
        name = "reactor_latency_seconds"
        yield _histogram(name, "How late the reactor was, looked at twice a second.", self._watchdog.latency)
        ends = [({"file": one.path}, one.expires) for one in self._certificates]
        if ends:
            yield _gauge("certificate_expires_seconds", "When a certificate ends, in seconds since 1970.", ends)

    def _people(self) -> Iterator[Family]:
        chat = self._chat
        connections = [
            ({"protocol": protocol}, sum(len(factory.connections) for factory in factories))
            for protocol, factories in self._factories.items()
        ]
        yield _gauge("connections", "Open connections.", connections)
        yield _gauge("users", "People who are logged in.", [({}, len(chat.users))])
        yield _gauge("rooms", "Rooms that there are.", [({}, len(chat.rooms))])
        yield _gauge("accounts", "Accounts that there are.", [({}, len(chat.accounts))])
        yield _counter("logins", "Connections that have logged in.", [({}, chat.logins)])

    def _log(self) -> Iterator[Family]:
        turn = self._turn
        yield _counter("events", "Events and records that were committed.", [({}, turn.committed)])
        yield _counter(
            "commit_failures", "Commits that failed, and were refused to those who spoke.", [({}, turn.failures)]
        )
        yield _histogram("commit_seconds", "How long commits took.", turn.latency)
        yield _counter(
            "deliveries", "Events that were sent, counted once for each connection.", [({}, self._fanout.deliveries)]
        )

    def _queues(self) -> Iterator[Family]:
        queued = [c.session.queued for factories in self._factories.values() for f in factories for c in f.connections]
        yield _gauge("send_queue_bytes", "What waits for clients that are slow to read.", [({}, sum(queued))])
        yield _gauge("send_queue_bytes_most", "What waits for the slowest.", [({}, max(queued, default=0))])
        yield _gauge("commit_queue", "Acts that wait for the disk.", [({}, self._turn.waiting)])
        yield _gauge("password_queue", "Passwords that wait to be checked.", [({}, self._passwords.waiting)])


def _refused(refusals: Refusals) -> Iterator[Family]:
    for name, help, counts in (
        ("refused", "Connections that were not let in.", refusals.refused),
        ("cut_off", "Connections that the server has closed.", refusals.cut_off),
    ):
        yield _counter(name, help, [({"reason": reason}, count) for reason, count in counts.items()])
    yield _counter("slowed", "How often someone was held up who sent too fast.", [({}, refusals.slowed)])


Values = Iterable[tuple[Mapping[str, str], float]]


def _gauge(name: str, help: str, values: Values) -> GaugeMetricFamily:
    return _filled(GaugeMetricFamily, name, help, list(values))


def _counter(name: str, help: str, values: Values) -> CounterMetricFamily:
    return _filled(CounterMetricFamily, name, help, list(values))


def _filled(kind: type[F], name: str, help: str, values: list[tuple[Mapping[str, str], float]]) -> F:
    labels = list(values[0][0]) if values else ["reason"]
    family = kind("twisted_chat_" + name, help, labels=labels)
    for named, value in values:
        family.add_metric(list(named.values()), value)
    return family


def _histogram(name: str, help: str, histogram: Histogram) -> HistogramMetricFamily:
    family = HistogramMetricFamily("twisted_chat_" + name, help, labels=())
    buckets, total = [], 0
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], histogram.counts, strict=True):
        total += count
        buckets.append((bound, total))
    family.add_metric([], buckets, histogram.total)
    return family


class MetricsResource(Resource):
    """C{/metrics}: the numbers. C{/health}: whether the log can be written; status 503 when it cannot."""

    isLeaf = True

    def __init__(self, collector: ChatCollector, turn: Turn) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._turn = turn
        self._registry = CollectorRegistry()
        self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def render(self, request: Request) -> Any:
        """Twisted's."""
        if request.method not in (b"GET", b"HEAD"):
            request.setResponseCode(405)
            request.setHeader("allow", "GET, HEAD")
            return b"GET or HEAD\n"
        return super().render(request)  # type: ignore[no-untyped-call]

    def render_GET(self, request: Request) -> bytes:
        """Twisted's."""
        if request.path == b"/metrics":
            encode, kind = choose_encoder(request.getHeader("accept") or "")
            request.setHeader("content-type", kind)
            return encode(self._registry)
        request.setHeader("content-type", "text/plain; charset=utf-8")
        if request.path == b"/health":
            if self._turn.failing:
                request.setResponseCode(503)
                return b"the log cannot be written\n"
            return b"ok\n"
        request.setResponseCode(404)
        return b"/metrics or /health\n"


class MetricsSite(Site):
    """Without a log of who asks, which is all the time."""

    noisy = False
    displayTracebacks = False

    def log(self, request: Request) -> None:
        """Twisted's."""


def make_site(collector: ChatCollector, turn: Turn) -> MetricsSite:
    """What answers who connects to the listener for metrics."""
    return MetricsSite(MetricsResource(collector, turn))  # type: ignore[no-untyped-call]
