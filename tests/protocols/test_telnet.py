"""Telnet's commands do not reach the chat."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.protocols.telnet import TelnetFilter

IAC, SB, SE, WILL, WONT, DO, DONT, AYT = (bytes([n]) for n in (255, 250, 240, 251, 252, 253, 254, 246))

# What real telnet clients send, around a word.
STREAMS = [
    (IAC + WILL + b"\x1f" + IAC + DO + b"\x03" + b"kim", b"kim"),
    (b"k" + IAC + AYT + b"im", b"kim"),
    (IAC + SB + b"\x1f\x00\x50\x00\x18" + IAC + SE + b"kim", b"kim"),
    (IAC + SB + b"\x18\x00xterm" + IAC + IAC + b"more" + IAC + SE + b"kim" + IAC + WONT + b"\x01", b"kim"),
    (b"k" + IAC + IAC + b"im", b"kim"),
    (IAC + DONT + IAC + b"kim", b"kim"),
    (b"kim\n" + IAC + b"\xf4" + IAC + b"\xfd\x06" + b"bob\n", b"kim\nbob\n"),
    (b"no telnet at all", b"no telnet at all"),
]


class TelnetTests(SynchronousTestCase):
    def test_negotiation_and_commands_are_removed(self) -> None:
        for sent, meant in STREAMS:
            self.assertEqual(TelnetFilter().feed(sent), meant, sent)

    def test_a_timing_mark_is_refused_aloud(self) -> None:
        filter = TelnetFilter()
        replies = []
        for part in (IAC + DO + b"\x03\xff", DO, b"\x06kim", IAC + DONT + b"\x06", IAC + WILL + b"\x06"):
            filter.feed(part)
            replies.append(filter.take_replies())
        self.assertEqual(replies, [b"", b"", IAC + WONT + b"\x06", b"", b""])

    @given(st.lists(st.sampled_from(STREAMS), max_size=4), st.lists(st.integers(0, 200)))
    def test_wherever_the_stream_is_cut(self, parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
        stream = b"".join(sent for sent, _ in parts)
        filter, kept, start = TelnetFilter(), b"", 0
        for cut in [*sorted(c for c in cuts if c < len(stream)), len(stream)]:
            kept += filter.feed(stream[start:cut])
            start = max(start, cut)
        self.assertEqual(kept, b"".join(meant for _, meant in parts))

    @given(st.binary())
    def test_no_iac_is_left_whatever_comes(self, data: bytes) -> None:
        kept = TelnetFilter().feed(data)
        self.assertNotIn(IAC, kept)
        if IAC not in data:
            self.assertEqual(kept, data)
