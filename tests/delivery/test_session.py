"""One connection: what waits for it, and what is done when it does not read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chat_support import Wire
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.acts import Answer
from twisted_chat.delivery.session import Session, send_all
from twisted_chat.protocols.formats import DIALECTS


class Pages:
    """A source whose pages come when a test says so."""

    def __init__(self) -> None:
        self.asked: list[Deferred[tuple[bytes, bool]]] = []

    def page(self) -> Deferred[tuple[bytes, bool]]:
        self.asked.append(Deferred())
        return self.asked[-1]


class Ready:
    """A source whose pages are there at once."""

    def __init__(self, pages: Iterable[bytes]) -> None:
        self.left = list(pages)

    async def page(self) -> tuple[bytes, bool]:
        return self.left.pop(0), bool(self.left)


class SocketWire(Wire):
    """A connection with a socket that takes so many bytes, after which the transport asks its producer to wait."""

    def __init__(self, takes: int) -> None:
        super().__init__()
        self.takes = takes
        self.socket = bytearray()
        self.broken = False
        self.send_now = self._send

    def _send(self, data: bytes) -> int:
        if self.broken:
            raise ConnectionResetError
        if not self.takes:
            raise BlockingIOError
        taken = data[: self.takes]
        self.takes -= len(taken)
        self.socket += taken
        return len(taken)

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.producer is not None:
            self.producer.pauseProducing()

    def flush(self) -> None:
        """The socket takes what the transport has, and the transport wants more."""
        self.socket += self.value()
        self.clear()
        self.takes = 1 << 30
        self.producer.resumeProducing()  # type: ignore[union-attr]


class SessionCase(SynchronousTestCase):
    def make(self, wire: Any = None, cap: int = 1 << 20) -> Session:
        self.wire = wire or Wire()
        return Session(self.wire, DIALECTS, "text", "somebody", cap)


class SendTests(SessionCase):
    def test_what_is_sent_goes_to_the_transport_at_once(self) -> None:
        session = self.make()
        session.send(b"one")
        session.send(b"two")
        self.assertEqual(self.wire.writes, [b"one", b"two"])
        self.assertEqual(session.queued, 0)

    def test_while_the_transport_is_full_it_waits_in_order(self) -> None:
        session = self.make()
        session.pauseProducing()
        session.send(b"one")
        session.send(b"two")
        self.assertEqual((self.wire.value(), session.queued), (b"", 6))
        session.resumeProducing()
        session.send(b"three")
        self.assertEqual((self.wire.value(), session.queued), (b"onetwothree", 0))

    def test_a_long_queue_goes_out_in_bites_with_a_look_whether_there_is_room(self) -> None:
        session = self.make(cap=1 << 30)
        session.pauseProducing()
        pieces = [bytes([i]) * 30_000 for i in range(20)]
        for piece in pieces:
            session.send(piece)
        write = self.wire.write

        def full_after(data: bytes) -> None:
            write(data)
            session.pauseProducing()

        self.wire.write = full_after
        session.resumeProducing()
        self.assertLess(len(self.wire.value()), 100_000)
        session.send(b"last")
        for _ in range(20):
            session.resumeProducing()
        self.assertEqual(self.wire.value(), b"".join(pieces) + b"last")
        self.assertEqual(session.queued, 0)

    def test_more_than_the_cap_cuts_the_connection_off_and_frees_what_waited(self) -> None:
        session = self.make(cap=100)
        session.pauseProducing()
        session.send(b"x" * 100)
        self.assertFalse(self.wire.disconnected)
        session.send(b"x")
        self.assertTrue(self.wire.disconnected)
        self.assertEqual((self.wire.value(), session.queued), (b"", 0))
        session.send(b"x")
        session.resumeProducing()
        self.assertEqual((self.wire.value(), session.queued), (b"", 0))

    def test_what_has_been_taken_counts_no_longer(self) -> None:
        session = self.make(cap=100)
        for _ in range(10):
            session.pauseProducing()
            session.send(b"x" * 90)
            session.resumeProducing()
        self.assertFalse(self.wire.disconnected)
        self.assertEqual(len(self.wire.value()), 900)

    def test_one_that_is_cut_off_hurts_no_other_of_the_same_broadcast(self) -> None:
        sessions = [self.make(Wire(), cap=100) for _ in range(5)]
        wires = [session._transport for session in sessions]
        for session in sessions[1::2]:
            session.pauseProducing()
            session.send(b"x" * 100)
        send_all(sessions, b"hello")
        self.assertEqual([wire.disconnected for wire in wires], [False, True, False, True, False])  # type: ignore[attr-defined]
        self.assertEqual([wire.value() for wire in wires], [b"hello", b"", b"hello", b"", b"hello"])  # type: ignore[attr-defined]

    def test_closing_waits_for_what_was_sent_before(self) -> None:
        session = self.make()
        session.pauseProducing()
        session.send(b"goodbye")
        session.close()
        session.send(b"too late")
        self.assertFalse(self.wire.disconnecting)
        session.resumeProducing()
        self.assertEqual((self.wire.value(), self.wire.disconnecting), (b"goodbye", True))
        self.assertIsNone(self.wire.producer)
        session.send(b"far too late")
        session.close()
        session.send_source(Pages())
        self.assertEqual(self.wire.value(), b"goodbye")

    def test_nothing_is_sent_to_a_connection_that_is_gone(self) -> None:
        session = self.make()
        session.pauseProducing()
        session.send(b"waiting")
        session.gone()
        session.resumeProducing()
        session.send(b"more")
        session.close()
        session.pauseProducing()
        session.send(b"more")
        self.assertEqual((self.wire.value(), session.queued, self.wire.disconnecting), (b"", 0, False))


class SourceTests(SessionCase):
    def test_what_comes_meanwhile_waits_for_the_end_of_something_long(self) -> None:
        session, pages = self.make(), Pages()
        session.send(b"before ")
        session.send_source(pages)
        session.send(b"after ")
        self.assertEqual(self.wire.value(), b"before ")
        pages.asked[0].callback((b"page1 ", True))
        session.send(b"later")
        self.assertEqual(self.wire.value(), b"before page1 ")
        pages.asked[1].callback((b"page2 ", False))
        self.assertEqual(self.wire.value(), b"before page1 page2 after later")
        self.assertEqual((len(pages.asked), session.queued), (2, 0))

    def test_the_next_page_is_read_only_when_there_is_room_for_it(self) -> None:
        session, pages = self.make(), Pages()
        session.send_source(pages)
        session.pauseProducing()
        pages.asked[0].callback((b"page1 ", True))
        self.assertEqual(len(pages.asked), 1)
        session.resumeProducing()
        self.assertEqual(len(pages.asked), 2)
        session.resumeProducing()
        self.assertEqual(len(pages.asked), 2)

    def test_two_long_things_come_one_after_the_other(self) -> None:
        session, one, two = self.make(), Pages(), Pages()
        session.send_source(one)
        session.send_source(two)
        self.assertEqual(len(two.asked), 0)
        one.asked[0].callback((b"one ", False))
        two.asked[0].callback((b"two ", False))
        session.send(b"end")
        self.assertEqual(self.wire.value(), b"one two end")

    def test_very_many_pages_that_are_there_at_once_all_come(self) -> None:
        session = self.make()
        session.send_source(Ready(b"%d " % i for i in range(5000)))
        session.send(b"end")
        self.assertEqual(self.wire.value(), b"".join(b"%d " % i for i in range(5000)) + b"end")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_a_page_that_cannot_be_read_is_answered_and_what_follows_comes(self) -> None:
        session, pages = self.make(), Pages()
        session.send_source(pages)
        session.send(b"after")
        pages.asked[0].errback(OSError("bad blocks"))
        self.assertEqual(self.wire.value(), b"!! The log cannot be read now.\nafter")
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_a_page_that_comes_after_the_end_of_the_connection_is_dropped(self) -> None:
        for end in (Session.gone, Session.abort):
            session, pages = self.make(), Pages()
            session.send_source(pages)
            end(session)
            pages.asked[0].callback((b"page", True))
            self.assertEqual((self.wire.value(), len(pages.asked)), (b"", 1))

    def test_what_waits_for_a_long_reading_counts_for_the_cap(self) -> None:
        session = self.make(cap=20_000)
        session.send_source(Pages())
        self.assertFalse(self.wire.disconnected)
        session.send(b"x" * 20_001)
        self.assertTrue(self.wire.disconnected)

    def test_questions_that_wait_count_for_the_cap_though_they_are_not_read_yet(self) -> None:
        session = self.make(cap=20_000)
        session.pauseProducing()
        for _ in range(1000):
            session.send_source(Pages())
            if self.wire.disconnected:
                break
        self.assertTrue(self.wire.disconnected)
        session = self.make(cap=20_000)
        for _ in range(1000):
            session.send_source(Ready([b"x"]))
        self.assertFalse(self.wire.disconnected)
        self.assertEqual(session.queued, 0)

    def test_closing_waits_for_something_long(self) -> None:
        session, pages = self.make(), Pages()
        session.send_source(pages)
        session.close()
        self.assertFalse(self.wire.disconnecting)
        pages.asked[0].callback((b"page", False))
        self.assertEqual((self.wire.value(), self.wire.disconnecting), (b"page", True))


class SocketTests(SessionCase):
    """With a transport that lends its socket."""

    def test_what_the_socket_takes_does_not_pass_through_the_transport(self) -> None:
        session = self.make(SocketWire(100))
        session.send(b"hello")
        self.assertEqual((self.wire.socket, self.wire.writes), (b"hello", []))

    def test_what_it_does_not_take_comes_later_in_order_and_once(self) -> None:
        session = self.make(SocketWire(7), cap=1000)
        sent = b""
        for i in range(20):
            session.send(b"line %d\n" % i)
            sent += b"line %d\n" % i
        self.assertEqual(self.wire.socket + self.wire.value(), sent[: len(self.wire.socket + self.wire.value())])
        for _ in range(3):
            self.wire.flush()
        session.send(b"end")
        self.assertEqual(self.wire.socket, sent + b"end")

    def test_a_broken_socket_raises_nothing(self) -> None:
        session = self.make(SocketWire(100))
        self.wire.broken = True
        session.send(b"hello")
        session.send(b"again")
        self.assertFalse(self.wire.disconnected)

    def test_a_slow_one_is_cut_off_at_the_cap(self) -> None:
        session = self.make(SocketWire(10), cap=100)
        for _ in range(200):
            session.send(b"0123456789")
            if self.wire.disconnected:
                break
        self.assertTrue(self.wire.disconnected)
        self.assertLessEqual(len(self.wire.socket + self.wire.value()), 20)

    def test_a_wrapped_transport_is_never_bypassed(self) -> None:
        inner = SocketWire(1000)
        wrapper = ProtocolWrapper(WrappingFactory(None), Protocol())
        wrapper.makeConnection(inner)
        wrote: list[bytes] = []
        wrapper.write = wrote.append  # as one that encrypts
        Session(wrapper, DIALECTS, "text", "somebody").send(b"secret")
        self.assertEqual((bytes(inner.socket), wrote), (b"", [b"secret"]))
        self.assertTrue(issubclass(TLSMemoryBIOProtocol, ProtocolWrapper))


class FormatTests(SessionCase):
    def test_the_current_room_is_written_otherwise_than_the_others(self) -> None:
        session = self.make()
        session.current = "#dev"
        self.assertIs(session.format_for("#dev"), DIALECTS["text"].here)
        self.assertIs(session.format_for("#lobby"), DIALECTS["text"].elsewhere)
        session.switch("json")
        self.assertIs(session.format_for("#dev"), session.format_for("#lobby"))

    def test_a_session_registers_as_the_transports_producer(self) -> None:
        session = self.make(StringTransport())
        self.assertIs(self.wire.producer, session)
        self.assertTrue(self.wire.streaming)
        session.stopProducing()
        session.send(DIALECTS["text"].here.answer(Answer(session, "info", "a\nb")))
        self.assertEqual(self.wire.value(), b"-- a\n-- b\n")
