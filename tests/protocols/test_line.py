"""The line protocol: bytes to lines, however they come; login; limits."""

from __future__ import annotations

from dataclasses import replace

from chat_support import Client, Held, World, WorldCase
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.protocols.intake import LINES_A_TURN, MAX_DISCARDED
from twisted_chat.protocols.limits import UNLIMITED
from twisted_chat.protocols.line import PAUSE, ChatProtocol

LIMIT = ChatProtocol.MAX_LENGTH
TOO_LONG = f"!! A line has at most {LIMIT} bytes; that one was not taken."
NOT_UTF8 = "!! That line is not UTF-8; it was not taken."

PIECES = st.sampled_from(
    [b"hello\n", b"hello\r\n", b"\n", b"\r\n", b" \n", b"/ping a\n", "Ünal 👩‍💻\n".encode(), b"caf\xe9\n",
     b"\xff\xfd\x03", b"\xff\xfa\x18\x00x\xff\xf0", b"x" * LIMIT + b"\n", b"x" * (LIMIT + 1) + b"\n",
     b"x" * LIMIT + b"\r\n", b"y" * 9000 + b"\n", b"/join #dev\n", b"tail", b"\r", b"a\rb\n"]
)  # fmt: skip


class LineCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.kim = self.world.enter("kim")

    def said(self, *chunks: bytes, client: Client | None = None) -> list[str]:
        """What is answered to chunks."""
        client = client or self.kim
        for chunk in chunks:
            client.bytes(chunk)
        self.world.settle()
        return client.read()


class LoginTests(LineCase):
    def test_a_connection_is_asked_for_its_name_without_a_line_end(self) -> None:
        client = self.world.connect()
        self.assertEqual(client.wire.value(), b"Login Id: ")
        self.assertFalse(client.wire.delay, "small writes must not wait")

    def test_the_wire_texts_are_the_originals(self) -> None:
        client = self.world.connect()
        self.assertEqual(self.said(b"kim\n", client=client), ["Login Id: Registered username.", "Login Id: "])
        lines = self.said(b"bob\n", client=client)
        self.assertEqual(lines[0], "user [bob] has entered the room")
        self.assertEqual(self.kim.read(), ["user [bob] has entered the room"])
        self.said(b"hi\n", client=client)
        self.assertEqual((client.read(), self.kim.read()), ([], ["[bob] hi"]))
        client.drop()
        self.world.settle()
        self.assertEqual(self.kim.read(), ["user [bob] left the room"])

    def test_what_is_no_name_is_refused_and_the_question_asked_again(self) -> None:
        client = self.world.connect()
        client.read()
        for line in (b"a b\n", b"(kim)\n", b"k\xd1\x96m\n", b"x" * 33 + b"\n", b"\x1b[2J\n"):
            why, prompt = self.said(line, client=client)
            self.assertTrue(why.startswith("!! "), why)
            self.assertEqual(prompt, "Login Id: ")

    def test_refused_lines_before_login_end_with_the_question(self) -> None:
        client = self.world.connect()
        client.read()
        self.assertEqual(self.said(b"caf\xe9\n", client=client), [NOT_UTF8, "Login Id: "])
        self.assertEqual(self.said(b"x" * 5000 + b"\n", client=client), [TOO_LONG, "Login Id: "])

    def test_a_command_in_place_of_a_name(self) -> None:
        client = self.world.connect()
        self.assertEqual(
            self.said(b"/help\n", client=client),
            ["Login Id: !! First type the name that you want; commands come after that.", "Login Id: "],
        )

    def test_lines_after_the_name_in_the_same_chunk_are_said(self) -> None:
        client = self.world.connect()
        self.assertEqual(self.said(b"bob\nhello\n", client=client)[-1], "[bob] hello")

    def test_empty_lines_are_not_answered(self) -> None:
        client = self.world.connect()
        client.read()
        self.assertEqual(self.said(b"\n", b"  \r\n", b"\t\n", client=client), [])
        self.assertEqual(self.said(b"\n", b" \r\n", b"\t\n"), [])

    def test_one_can_quit_before_login_and_is_told_all_that_came_before(self) -> None:
        client = self.world.connect()
        self.assertEqual(
            self.said(b"kim\n/quit\nbob\n", client=client)[:2], ["Login Id: Registered username.", "Login Id: "]
        )
        self.assertTrue(client.wire.disconnecting)
        self.assertNotIn("bob", self.world.chat.users)
        client.drop()

    def test_a_name_is_free_at_once_when_its_connection_has_broken(self) -> None:
        self.kim.drop()
        client = self.world.connect()
        self.assertIn("user [kim] has entered the room", "\n".join(self.said(b"kim\n", client=client)))


class ByteTests(LineCase):
    def test_lines_end_with_lf_or_crlf(self) -> None:
        self.assertEqual(self.said(b"one\ntwo\r\nthree\n"), ["[kim] one", "[kim] two", "[kim] three"])

    def test_only_one_cr_before_the_lf_is_dropped(self) -> None:
        self.assertEqual(self.said(b"one\r\r\n", b"a\rb\n"), ["[kim] one\ufffd", "[kim] a\ufffdb"])

    def test_a_line_may_come_byte_by_byte(self) -> None:
        self.assertEqual(self.said(*(bytes([b]) for b in "Grüße 👩‍💻\r\n".encode())), ["[kim] Grüße 👩‍💻"])

    def test_what_is_not_utf_8_is_refused_and_the_next_line_read(self) -> None:
        self.assertEqual(self.said(b"caf\xe9\nok\n"), [NOT_UTF8, "[kim] ok"])
        self.assertEqual(self.said(b"\xed\xa0\x80\n\xc0\x80\n\xf8\n"), [NOT_UTF8] * 3)

    def test_what_could_do_more_than_be_seen_reaches_nobody(self) -> None:
        bob = self.world.enter("bob")
        self.kim.read()
        self.said(b"a\x00b\x07c\x1b]0;x\x07d\x7fe\xc2\x85f\xe2\x80\xa8g\xe2\x80\xaeh\rend\n")
        data = bob.wire.value().decode()
        self.assertEqual(data, "[kim] a\ufffdb\ufffdc\ufffd]0;x\ufffdd\ufffde\ufffdf\ufffdg\ufffdh\ufffdend\n")

    def test_no_command_carries_it_to_anyone_in_text_or_json(self) -> None:
        bob, eve = self.world.enter("bob"), self.world.enter("eve")
        eve.say("/format json")
        evil = "a\x1b]0;t\x07\rb\x00\x9b2J\u2028\u202ec"
        lines = ["/topic {}", "/topic", "/away {}", "/msg bob {}", "/msg eve {}", "/me {}", "{}", "//{}", "/{}"]
        lines += ["/join #{}", "/who {}", "/nick {}", "/whois {}", "/ping {}", "/format {}", "/search {}", "/help {}"]
        for line in [*lines, "/history {}"]:
            self.kim.say(line.format(evil))
        for asking in (bob, eve):
            asking.send("/msg kim x", "/who", "/whois kim", "/rooms", "/topic", "/history", "/search a c")
        newcomer = self.world.connect()
        newcomer.send("newcomer", "/leave", "/join #lobby")
        self.kim.send(f"/quit {evil}")
        self.world.settle()
        for client in (bob, eve, newcomer, self.kim):
            text = client.wire.value().decode()
            self.assertTrue(text)
            self.assertEqual(set(text) & (set(map(chr, range(0x20))) - {"\n"}), set())
            self.assertEqual(set(text) & set("\x7f\x9b\x85\u2028\u2029\u202e"), set())
        self.assertGreater(bob.wire.value().count("\ufffd".encode()), 50)
        self.kim.drop()

    def test_telnets_commands_are_removed_also_split_over_chunks(self) -> None:
        self.assertEqual(self.said(b"\xff\xfb\x1fhe\xff", b"\xfd", b"\x03llo\r\n"), ["[kim] hello"])
        self.assertEqual(self.said(b"\xff\xfa\x18", b"\x00xterm\n\xff", b"\xf0one\n"), ["[kim] one"])

    @given(st.lists(PIECES, max_size=6), st.lists(st.integers(0, 30_000), max_size=12))
    @example([b"x" * (LIMIT + 1) + b"\n", b"hello\n"], [LIMIT, LIMIT + 1, LIMIT + 2])
    @example([b"x" * LIMIT + b"\r\n", b"hello\n"], [LIMIT, LIMIT + 1])
    @example([b"y" * 9000 + b"\n", b"hello\n"], [4097, 4098, 8999, 9000])
    def test_however_the_bytes_are_cut_the_result_is_the_same(self, pieces: list[bytes], cuts: list[int]) -> None:
        stream = b"".join(pieces)
        world = World()
        whole, cut = World().enter("kim"), world.enter("kim")
        whole.bytes(stream)
        start = 0
        for end in [*sorted(c for c in cuts if c < len(stream)), len(stream)]:
            cut.bytes(stream[start:end])
            start = end
        for client in (whole, cut):
            client.world.settle()
        self.assertEqual(cut.wire.value(), whole.wire.value())
        self.assertEqual(cut.protocol._rest, whole.protocol._rest)

    @given(st.lists(st.binary(max_size=20), max_size=10))
    def test_any_bytes_at_all_do_no_harm(self, chunks: list[bytes]) -> None:
        world = World()
        client, bob = world.connect(), world.enter("bob")
        for chunk in chunks:
            client.bytes(chunk)
        world.clock.advance(1)
        self.assertEqual(bob.say("x")[-1], "[bob] x")
        self.assertEqual(self.flushLoggedErrors(), [])


class LengthTests(LineCase):
    def test_a_line_has_at_most_4096_bytes(self) -> None:
        self.assertEqual(self.said(b"x" * LIMIT + b"\n"), ["[kim] " + "x" * LIMIT])
        self.assertEqual(self.said(b"x" * LIMIT + b"\r\n"), ["[kim] " + "x" * LIMIT])
        self.assertEqual(self.said(b"x" * (LIMIT + 1) + b"\n"), [TOO_LONG])
        self.assertEqual(self.said(("é" * 2049 + "\n").encode()), [TOO_LONG])

    def test_a_longer_line_is_dropped_as_a_whole_and_the_next_is_read(self) -> None:
        for chunks in (
            [b"x" * 10_000 + b"\nok\n"],
            [b"x" * 5000, b"x" * 5000, b"\nok\n"],
            [b"x" * 5000, b"more\n", b"ok\n"],
            [b"x" * 5000, b"more\nok", b"\n"],
            [b"x" * LIMIT, b"xx", b"\nok\n"],
            [b"x" * LIMIT, b"x\n", b"ok\n"],
        ):
            self.assertEqual(self.said(*chunks), [TOO_LONG, "[kim] ok"])

    def test_two_long_lines_are_refused_once_each(self) -> None:
        self.assertEqual(self.said(b"x" * 5000, b"x\n" + b"y" * 5000, b"y\nok\n"), [TOO_LONG, TOO_LONG, "[kim] ok"])

    def test_a_mebibyte_without_a_line_end_ends_the_connection(self) -> None:
        sent = 0
        while not self.kim.wire.disconnected:
            self.kim.bytes(b"x" * 60_000)
            sent += 60_000
            self.assertLess(sent, MAX_DISCARDED + 200_000)
            self.assertLess(len(self.kim.protocol._rest), 70_000)
        self.assertGreater(sent, MAX_DISCARDED)
        self.kim.drop()

    def test_a_mebibyte_before_login_too(self) -> None:
        client = self.world.connect()
        for _ in range(20):
            client.bytes(b"x" * 65_536)
        self.assertTrue(client.wire.disconnected)
        client.drop()

    def test_many_lines_of_more_than_a_mebibyte_together_are_fine(self) -> None:
        for _ in range(30):
            self.kim.bytes(b"x" * 50_000 + b"\n")
        self.assertFalse(self.kim.wire.disconnecting)
        self.assertEqual(self.said(b"ok\n")[-1], "[kim] ok")


class NoNewlineTests(LineCase):
    """The original's client never ends a line."""

    def setUp(self) -> None:
        super().setUp()
        self.old = self.world.connect()
        self.old.read()

    def pause(self, seconds: float = PAUSE) -> list[str]:
        self.world.clock.advance(seconds)
        self.world.settle()
        return self.old.read()

    def test_what_it_sent_is_taken_as_a_line_after_a_pause(self) -> None:
        self.old.bytes(b"bob")
        self.assertEqual(self.pause(PAUSE * 0.9), [])
        self.assertEqual(self.pause(PAUSE * 0.2)[0], "user [bob] has entered the room")
        self.old.bytes(b"hello")
        self.assertEqual(self.pause(), ["[bob] hello"])

    def test_the_pause_begins_anew_with_every_chunk(self) -> None:
        for piece in (b"b", b"o", b"b"):
            self.old.bytes(piece)
            self.assertEqual(self.pause(PAUSE * 0.9), [])
        self.assertEqual(self.pause()[0], "user [bob] has entered the room")

    def test_from_its_first_line_end_on_only_line_ends_count(self) -> None:
        self.old.bytes(b"bob\nhel")
        self.pause(10)
        self.old.bytes(b"lo\n")
        self.assertEqual(self.pause(), ["[bob] hello"])

    def test_a_carriage_return_at_the_end_does_not_belong_to_the_line(self) -> None:
        self.old.bytes(b"bob\r")
        self.assertEqual(self.pause()[0], "user [bob] has entered the room")

    def test_what_is_too_long_is_refused_and_the_next_taken(self) -> None:
        self.old.bytes(b"x" * 5000)
        self.assertEqual(self.pause(), [TOO_LONG, "Login Id: "])
        self.old.bytes(b"bob")
        self.assertEqual(self.pause()[0], "user [bob] has entered the room")
        self.old.bytes(b"x" * (LIMIT + 1))
        self.assertEqual(self.pause(), [TOO_LONG])

    def test_slash_quit_works(self) -> None:
        self.old.bytes(b"bob")
        self.pause()
        self.old.bytes(b"/quit")
        self.assertEqual(self.pause(), ["-- Goodbye."])
        self.assertTrue(self.old.wire.disconnecting)
        self.old.drop()

    def test_no_timer_is_left_when_the_connection_breaks(self) -> None:
        self.old.bytes(b"bo")
        self.old.drop()
        self.assertEqual(self.world.clock.getDelayedCalls(), [])

    def test_an_idle_connection_has_no_timer(self) -> None:
        self.old.bytes(b"bob\n")
        self.world.settle()
        self.assertEqual(self.world.clock.getDelayedCalls(), [])


class WorkTests(LineCase):
    def test_at_most_so_many_lines_of_a_connection_are_taken_in_a_turn(self) -> None:
        bob = self.world.enter("bob")
        self.kim.read()
        self.kim.send(*(str(i) for i in range(3 * LINES_A_TURN + 5)))
        self.assertEqual(self.kim.wire.producerState, "paused")
        bob.send("me too")
        self.world.one_turn()
        seen = bob.read()
        self.assertEqual(len(seen), LINES_A_TURN + 1)
        self.assertEqual(seen[-1], "[bob] me too")
        self.world.settle()
        self.assertEqual(len(bob.read()), 2 * LINES_A_TURN + 5)
        self.assertEqual(self.kim.wire.producerState, "producing")
        self.assertEqual([line for line in self.kim.read() if "bob" not in line], [f"[kim] {i}" for i in range(305)])

    def test_what_comes_while_lines_are_left_comes_after_them(self) -> None:
        self.kim.send(*(str(i) for i in range(150)))
        self.kim.send("last")
        self.world.settle()
        self.assertEqual(self.kim.read()[-2:], ["[kim] 149", "[kim] last"])

    def test_lines_left_of_a_connection_that_broke_are_not_said(self) -> None:
        bob = self.world.enter("bob")
        self.kim.send(*(str(i) for i in range(150)))
        self.kim.drop()
        self.world.settle()
        self.assertEqual(bob.read(), [*(f"[kim] {i}" for i in range(100)), "user [kim] left the room"])

    def test_lines_after_quit_are_not_taken(self) -> None:
        bob = self.world.enter("bob")
        self.kim.read()
        self.assertEqual(self.said(b"/quit\nhello\nkim\n/join #dev\n"), ["-- Goodbye."])
        self.said(b"still here\n")
        self.assertEqual(bob.read(), ["user [kim] left the room"])
        self.assertEqual(set(self.world.chat.users), {"bob"})
        self.kim.drop()

    def test_a_long_burst_of_one_byte_lines_is_taken_bit_by_bit(self) -> None:
        self.kim.bytes(b"x\n" * 5000)
        self.world.one_turn()
        self.assertEqual(len(self.kim.read()), LINES_A_TURN)
        self.kim.drop()


class FactoryTests(SynchronousTestCase):
    def test_it_knows_its_open_connections(self) -> None:
        world = World()
        one, two = world.connect(), world.connect()
        self.assertEqual(list(world.factory.connections), [one.protocol, two.protocol])
        one.drop()
        self.assertEqual(list(world.factory.connections), [two.protocol])

    def test_one_can_wait_for_a_connection_to_close(self) -> None:
        client, closed = World().connect(), []
        client.protocol.closed().addCallback(closed.append)
        self.assertEqual(closed, [])
        client.drop()
        self.assertEqual(closed, [None])

    def test_the_queue_of_its_connections_is_as_long_as_it_says(self) -> None:
        client = World(Held(), limits=replace(UNLIMITED, send_queue=50)).connect()
        client.session.pauseProducing()
        client.session.send(b"x" * 51)
        self.assertTrue(client.wire.disconnected)

    def test_connections_that_come_and_go_without_a_name_leave_nothing(self) -> None:
        world = World()
        for _ in range(1000):
            client = world.connect()
            client.bytes(b"half a na")
            client.drop()
        self.assertEqual((len(world.factory.connections), len(world.clock.getDelayedCalls())), (0, 0))
        world.check()
