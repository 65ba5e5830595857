"""The gate: who may connect, how long they may take to log in, and how it learns that they are gone."""

from __future__ import annotations

import socket
from dataclasses import replace
from types import SimpleNamespace

from chat_support import PASSWORD, Client, World, WorldCase
from twisted.internet.address import IPv4Address, UNIXAddress

from twisted_chat.protocols import gate as gate_module
from twisted_chat.protocols.flood import FLOOD_PATIENCE
from twisted_chat.protocols.gate import MOST, SETTLED, TOLD, Dismissal
from twisted_chat.protocols.intake import _keep_alive
from twisted_chat.protocols.limits import UNLIMITED, Flood, Limits
from twisted_chat.protocols.line import ChatProtocol


class GateCase(WorldCase):
    limits = UNLIMITED

    def setUp(self) -> None:
        self.world = World(limits=self.limits)
        self.gate = self.world.gate

    def admitted(self, host: str = "192.0.2.1") -> bool:
        """Whether one more comes in."""
        return self.gate.admit(host) is None

    def turned_away(self, host: str = "192.0.2.1") -> str:
        """What one more is told, who is not let in."""
        client = Client(self.world, IPv4Address("TCP", host, 4711))
        client.protocol.makeConnection(client.wire)
        self.assertIsInstance(client.protocol, Dismissal)
        self.assertTrue(client.wire.disconnecting)
        (line,) = client.read()
        client.drop()
        return line

    def sweep(self, seconds: float) -> None:
        """Let so much time pass, with a sweep every second as the daemon has it."""
        for _ in range(int(seconds)):
            self.world.clock.advance(1)
            self.gate.sweep()


class AddressTests(GateCase):
    limits = replace(UNLIMITED, per_address=3)

    def test_an_address_has_so_many_connections_at_a_time(self) -> None:
        clients = [self.world.connect() for _ in range(3)]
        told = "!! Your address has 3 connections already: close one, or ask the operator."
        self.assertEqual(self.turned_away(), told)
        self.assertTrue(self.admitted("192.0.2.2"))
        clients[0].drop()
        self.assertTrue(self.admitted())
        self.assertFalse(self.admitted())
        self.assertEqual(self.gate.counters.refused, {"address": 2})

    def test_an_ipv6_address_counts_by_its_64(self) -> None:
        self.assertEqual([self.admitted(f"2001:db8::{i}") for i in range(1, 5)], [True] * 3 + [False])
        self.assertTrue(self.admitted("2001:db8:0:1::1"))

    def test_an_ipv4_address_counts_once_however_it_comes(self) -> None:
        self.assertEqual([self.admitted(f"{way}192.0.2.1") for way in ("", "::ffff:") * 2], [True] * 3 + [False])

    def test_who_is_trusted_is_not_limited_nor_is_a_local_socket(self) -> None:
        self.assertTrue(all(self.admitted("127.0.0.1") for _ in range(10)))
        self.assertTrue(all(self.admitted("::1") for _ in range(10)))
        local = [self.world.factory.buildProtocol(UNIXAddress("/run/chat")) for _ in range(10)]
        self.assertTrue(all(isinstance(made, ChatProtocol) for made in local))

    def test_nothing_is_left_of_those_who_are_gone(self) -> None:
        for client in [self.world.connect(f"192.0.2.{i % 50}") for i in range(100)]:
            client.drop()
        self.assertEqual((self.gate.open, dict(self.gate._of)), (0, {}))
        self.assertEqual((dict(self.gate._logins), dict(self.gate._watched)), ({}, {}))

    def test_a_connection_that_comes_from_elsewhere_counts_there(self) -> None:
        clients = [self.world.connect() for _ in range(3)]
        self.assertTrue(clients[0].protocol.relocate("203.0.113.9"))
        self.assertEqual(clients[0].session.address, "203.0.113.9")
        self.assertTrue(self.admitted())
        self.assertTrue(clients[1].protocol.relocate("203.0.113.9"))
        for client in clients:
            client.drop()
        self.assertEqual(dict(self.gate._of), {"192.0.2.1": 1})

    def test_and_may_be_refused_there(self) -> None:
        for _ in range(3):
            self.world.connect("203.0.113.9")
        client = self.world.connect()
        client.read()
        self.assertFalse(client.protocol.relocate("203.0.113.9"))
        self.world.settle()
        self.assertIn("Your address has 3 connections already", client.read()[0])
        self.assertTrue(client.wire.disconnecting)
        client.drop()


class RateTests(GateCase):
    limits = replace(UNLIMITED, new_per_minute=6)

    def begun(self, host: str = "192.0.2.1") -> int:
        """How many come in, one after the other."""
        count = 0
        while self.admitted(host):
            self.gate.left(host)
            count += 1
        return count

    def test_an_address_begins_so_many_connections_in_a_minute(self) -> None:
        self.assertEqual(self.begun(), 6)
        self.assertEqual(self.turned_away(), "!! Too many new connections from your address: try again in a minute.")
        self.assertEqual(self.begun("192.0.2.2"), 6)
        self.world.clock.advance(20)
        self.assertEqual(self.begun(), 2)
        self.world.clock.advance(600)
        self.assertEqual(self.begun(), 6)

    def test_trying_again_and_again_does_not_make_it_longer(self) -> None:
        self.begun()
        admitted = 0
        for _ in range(201):
            self.world.clock.advance(0.1)
            admitted += self.admitted()
        self.assertEqual(admitted, 2)

    def test_addresses_are_forgotten(self) -> None:
        self.begun()
        self.world.clock.advance(30)
        self.begun("192.0.2.2")
        self.sweep(31)
        self.assertEqual(list(self.gate._new), ["192.0.2.2"])

    def test_no_more_are_remembered_than_there_is_room_for(self) -> None:
        self.patch(gate_module, "MOST", 100)
        self.assertGreater(MOST, 100)
        for number in range(1000):
            self.admitted(f"10.0.{number // 250}.{number % 250}")
        self.assertEqual(len(self.gate._new), 100)


class FullTests(GateCase):
    limits = replace(UNLIMITED, connections=3)

    def test_there_are_so_many_connections_in_all(self) -> None:
        people = [self.world.enter(f"kim{i}") for i in range(3)]
        self.assertEqual(self.turned_away("192.0.2.9"), "!! The server is full: try again later.")
        self.assertFalse(self.admitted("127.0.0.1"), "there is no more room for those who are trusted")
        people[0].drop()
        self.assertTrue(self.admitted("192.0.2.9"))

    def test_who_has_not_logged_in_makes_room_and_the_longest_first(self) -> None:
        kim = self.world.enter("kim")
        first, second = self.world.connect(), self.world.connect()
        self.assertFalse(self.admitted(), "they have not had any time yet")
        self.world.clock.advance(SETTLED)
        bob = self.world.enter("bob")
        gone = [client.wire.disconnected for client in (kim, first, second, bob)]
        self.assertEqual(gone, [False, True, False, False])
        self.assertEqual(self.gate.counters.cut_off, {"full": 1})
        first.drop()
        self.assertTrue(self.admitted())

    def test_a_password_that_is_being_checked_is_not_lost(self) -> None:
        self.world.account("kim")
        self.world.enter("eve"), self.world.enter("bob")
        kim = self.world.connect()
        kim.send("kim", PASSWORD)
        self.world.clock.advance(0)
        self.world.passwords._later = lambda seconds, function: None
        kim.send("/logout", "kim", PASSWORD)
        self.world.settle()
        self.assertTrue(kim.session.busy)
        self.gate.await_login(kim.protocol)
        self.world.clock.advance(SETTLED)
        self.assertFalse(self.admitted())
        self.assertFalse(kim.wire.disconnected)

    def test_files_are_left_for_other_things(self) -> None:
        self.gate.limits = UNLIMITED
        for descriptors, most in ((0, 0), (64, 48), (1024, 832), (20_000, 19_808)):
            self.gate.descriptors = descriptors
            self.assertEqual(self.gate.most, most)
        self.gate.limits = replace(UNLIMITED, connections=500)
        self.assertEqual(self.gate.most, 500)
        self.gate.descriptors = 64
        self.assertEqual(self.gate.most, 48)

    def test_not_everyone_is_told(self) -> None:
        for number in range(3):
            self.world.enter(f"kim{number}")
        told = 0
        for _ in range(2 * TOLD):
            client = Client(self.world)
            client.protocol.makeConnection(client.wire)
            self.assertTrue(client.wire.disconnecting or client.wire.disconnected)
            told += bool(client.wire.value())
        self.assertEqual(told, TOLD)


class LoginTests(GateCase):
    limits = replace(UNLIMITED, login_time=60)

    def test_one_has_so_long_to_log_in(self) -> None:
        client = self.world.connect()
        client.read()
        self.sweep(59)
        self.assertEqual(client.read(), [])
        self.sweep(1)
        self.world.settle()
        self.assertEqual(client.read(), ["-- You have not logged in within 60 seconds: connect again."])
        self.assertTrue(client.wire.disconnecting)
        self.assertEqual(self.gate.counters.cut_off, {"login": 1})
        client.drop()

    def test_sending_something_now_and_then_does_not_help(self) -> None:
        client = self.world.connect()
        for _ in range(60):
            client.send("[")
            self.sweep(1)
        self.world.settle()
        self.assertTrue(client.wire.disconnecting)
        client.drop()

    def test_who_has_logged_in_may_be_silent(self) -> None:
        kim = self.world.enter("kim")
        self.sweep(1000)
        self.assertFalse(kim.wire.disconnecting)
        self.assertEqual(dict(self.gate._logins), {})

    def test_a_limit_that_is_replaced_holds_for_those_who_are_here(self) -> None:
        client = self.world.connect()
        self.gate.limits = replace(self.limits, login_time=10)
        self.sweep(10)
        self.world.settle()
        self.assertTrue(client.wire.disconnecting)
        client.drop()

    def test_no_limit(self) -> None:
        self.gate.limits = UNLIMITED
        client = self.world.connect()
        self.sweep(1000)
        self.assertFalse(client.wire.disconnecting)

    def test_a_sweep_looks_at_those_only_whose_time_is_over(self) -> None:
        for _ in range(100):
            self.world.connect()
        looked: list[object] = []
        self.patch(ChatProtocol, "overdue", looked.append)
        self.sweep(30)
        self.assertEqual(looked, [])

    def test_a_defect_does_not_end_the_sweeps(self) -> None:
        def fail(protocol: object) -> None:
            raise ZeroDivisionError

        client = self.world.connect()
        self.patch(ChatProtocol, "overdue", fail)
        self.gate.start()
        for _ in range(61):
            self.world.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertTrue(self.gate._loop.running)
        self.gate.stop()
        self.assertFalse(self.gate._loop.running)
        client.drop()

    def test_the_log_tells_once_a_minute_who_was_cut_off(self) -> None:
        lines: list[str] = []
        self.patch(self.gate, "log", type("Log", (), {"info": lambda _, text, what: lines.append(what)})())
        for _ in range(5):
            self.world.connect()
        self.sweep(60)
        self.gate.counters.refused["rate"] += 7
        self.sweep(59)
        self.assertEqual(lines, ["5 cut off (login)"])
        self.sweep(120)
        self.assertEqual(lines, ["5 cut off (login)", "7 refused (rate)"])
        for client in self.world.clients():
            client.drop()


class LifeTests(GateCase):
    limits = replace(UNLIMITED, silence=100)

    def setUp(self) -> None:
        super().setUp()
        self.patch(ChatProtocol, "pings", True)
        self.patch(ChatProtocol, "ping", lambda protocol: protocol.session.send(b"PING\n"))
        self.kim, self.bob = self.world.enter("kim"), self.world.enter("bob")

    def test_who_is_silent_is_asked_and_who_does_not_answer_is_closed(self) -> None:
        self.sweep(100)
        self.world.all_read()
        self.sweep(99)
        self.assertEqual(self.kim.read(), [])
        self.sweep(1)
        self.assertEqual((self.kim.read(), self.bob.read()), (["PING"], ["PING"]))
        self.kim.send("")
        self.sweep(100)
        self.world.settle()
        self.assertEqual(self.bob.read(), ["-- You did not answer for 100 seconds."])
        self.assertTrue(self.bob.wire.disconnecting)
        self.bob.drop()
        self.world.settle()
        self.assertEqual(self.kim.read(), ["user [bob] left the room (no answer for 100 seconds)"])
        self.assertEqual(self.gate.counters.cut_off, {"ping": 1})

    def test_who_talks_is_not_asked(self) -> None:
        for _ in range(1000):
            self.kim.bytes(b"\n")
            self.bob.bytes(b"\n")
            self.sweep(1)
        self.assertNotIn("PING", self.kim.read())

    def test_who_is_held_up_is_not_asked(self) -> None:
        self.kim.session.busy = True
        self.kim.bytes(b"hello\n")
        self.bob.drop()
        self.sweep(500)
        self.assertNotIn("PING", self.kim.read())
        self.assertFalse(self.kim.wire.disconnecting)

    def test_the_system_is_told_how_long_to_wait(self) -> None:
        with socket.socket() as connection:
            transport = SimpleNamespace(socket=connection, setTcpKeepAlive=lambda wanted: None)
            _keep_alive(SimpleNamespace(transport=transport, setTcpKeepAlive=lambda wanted: None), 100)
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
            set_to = [connection.getsockopt(socket.IPPROTO_TCP, option) for option in options]
        self.assertEqual(set_to, [100, 25, 4, 200_000])

    def test_the_system_looks_after_those_who_cannot_be_asked(self) -> None:
        self.assertTrue(self.kim.wire.keeps_alive)
        self.gate.limits = UNLIMITED
        self.assertFalse(self.world.connect().wire.keeps_alive)


class FloodTests(GateCase):
    limits = replace(UNLIMITED, flood=Flood(30, 10))

    def setUp(self) -> None:
        super().setUp()
        self.kim, self.bob = self.world.enter("kim"), self.world.enter("bob")
        self.world.clock.advance(60)
        self.world.all_read()

    def pass_time(self, seconds: float, step: float = 0.1) -> None:
        for _ in range(round(seconds / step)):
            self.world.clock.advance(step)
            self.world.settle()

    def test_a_paste_arrives_whole_but_slowly(self) -> None:
        self.kim.send(*(str(i) for i in range(50)))
        self.world.settle()
        self.assertEqual(len(self.bob.read()), 30)
        self.assertEqual(self.kim.wire.producerState, "paused")
        self.pass_time(1)
        self.assertIn(len(self.bob.read()), range(5, 12))
        self.pass_time(2)
        self.assertEqual(self.bob.read()[-1], "[kim] 49")
        self.assertEqual(self.kim.wire.producerState, "producing")
        self.assertEqual(self.kim.read(), [f"[kim] {i}" for i in range(50)])
        self.assertEqual(self.gate.counters.slowed, 1)

    def test_the_next_burst_is_free_when_enough_time_has_passed(self) -> None:
        for _ in range(5):
            self.kim.send(*(str(i) for i in range(30)))
            self.world.settle()
            self.assertEqual(len(self.bob.read()), 30)
            self.assertEqual(self.kim.wire.producerState, "producing")
            self.world.clock.advance(3)
        self.assertEqual(self.gate.counters.slowed, 0)

    def test_a_bot_at_the_allowed_rate_never_notices(self) -> None:
        for number in range(1000):
            self.kim.send(str(number))
            self.world.settle()
            self.assertEqual(self.bob.read(), [f"[kim] {number}"])
            self.world.clock.advance(0.1)
        self.assertEqual(self.gate.counters.slowed, 0)

    def test_long_lines_count_more(self) -> None:
        self.kim.send(*("x" * 4096 for _ in range(10)))
        self.world.settle()
        self.assertEqual(len(self.bob.read()), 6)

    def test_so_does_what_is_dropped_of_a_line_that_is_too_long(self) -> None:
        self.kim.bytes(b"x" * 100 * 1024)
        self.kim.send("", "one")
        self.pass_time(6, 1)
        self.assertEqual(self.bob.read(), [])
        self.pass_time(2, 1)
        self.assertEqual(self.bob.read(), ["[kim] one"])

    def test_dear_commands_count_more(self) -> None:
        self.kim.send(*("/search x" for _ in range(10)))
        self.world.settle()
        self.assertEqual(len(self.kim.read()), 6)
        self.pass_time(2.2)
        self.assertEqual(len(self.kim.read()), 4)

    def test_they_take_the_place_of_so_many_lines_whether_these_come_at_once_or_not(self) -> None:
        lines = ["/search x"] * 3 + ["x"] * 20
        self.kim.send(*lines)
        self.world.settle()
        self.assertEqual(len(self.bob.read()), 15)
        for line in lines:
            self.bob.send(line)
        self.world.settle()
        self.assertEqual(self.bob.read().count("[bob] x"), 15)

    def test_what_waits_is_not_charged_twice(self) -> None:
        self.kim.session.busy = True
        self.kim.send(*("one" for _ in range(20)))
        self.kim.session.ready()
        self.kim.send(*("two" for _ in range(11)))
        self.world.settle()
        self.assertEqual(len(self.bob.read()), 30)

    def test_what_is_on_its_way_while_one_is_slowed_down_comes_afterwards(self) -> None:
        self.kim.send(*("one" for _ in range(31)))
        self.kim.send("two", "three")
        self.world.settle()
        self.assertEqual(len(self.bob.read()), 30)
        self.assertEqual(len(self.world.clock.getDelayedCalls()), 1)
        self.pass_time(1)
        self.assertEqual(self.bob.read(), ["[kim] one", "[kim] two", "[kim] three"])

    def test_so_does_what_a_protocol_charges(self) -> None:
        self.kim.send("one")
        self.kim.protocol.charge(29)
        self.kim.send("two")
        self.world.settle()
        self.assertEqual(self.bob.read(), ["[kim] one"])

    def test_nobody_is_slowed_down_by_someone_else(self) -> None:
        self.kim.send(*(str(i) for i in range(1000)))
        self.bob.send("hello")
        self.world.settle()
        self.assertEqual(self.bob.read()[-1], "[bob] hello")

    def test_only_who_is_slowed_down_has_a_timer(self) -> None:
        self.assertEqual(self.world.clock.getDelayedCalls(), [])
        self.kim.send(*(str(i) for i in range(31)))
        self.world.settle()
        self.assertEqual(len(self.world.clock.getDelayedCalls()), 1)
        self.kim.drop()
        self.world.settle()
        self.assertEqual(self.world.clock.getDelayedCalls(), [])

    def test_who_keeps_at_it_is_cut_off_and_the_others_are_told(self) -> None:
        started = self.world.clock.seconds()
        while not self.kim.wire.disconnecting:
            if self.kim.wire.producerState == "producing":
                self.kim.send(*("x" for _ in range(100)))
            self.pass_time(0.5, 0.5)
            self.assertLess(self.world.clock.seconds() - started, FLOOD_PATIENCE + 10)
        self.assertGreater(self.world.clock.seconds() - started, FLOOD_PATIENCE)
        self.assertEqual(self.kim.read()[-1], "-- Too fast for too long: send at most 10 lines a second.")
        said = len(self.bob.read())
        self.assertLess(said, 30 + 10 * (FLOOD_PATIENCE + 10))
        self.kim.drop()
        self.world.settle()
        self.assertEqual(self.bob.read(), ["user [kim] left the room (too many lines)"])
        self.assertEqual(self.gate.counters.cut_off, {"flood": 1})

    def test_who_pastes_a_lot_now_and_then_is_not(self) -> None:
        for _ in range(20):
            self.kim.send(*("x" for _ in range(200)))
            self.pass_time(60, 1)
        self.assertEqual(len(self.bob.read()), 4000)
        self.assertFalse(self.kim.wire.disconnecting)

    def test_lines_before_login_count_too(self) -> None:
        client = self.world.connect()
        client.read()
        client.send(*("[" for _ in range(100)))
        self.world.settle()
        self.assertEqual(client.wire.value().count(b"!! "), 30)

    def test_empty_lines_count_too(self) -> None:
        self.kim.bytes(b"\n" * 8192)
        self.assertEqual(self.kim.wire.producerState, "paused")

    def test_it_can_be_turned_off_and_on(self) -> None:
        self.gate.limits = UNLIMITED
        self.kim.send(*(str(i) for i in range(1000)))
        self.world.settle()
        self.assertEqual(len(self.bob.read()), 1000)
        self.gate.limits = Limits()
        self.kim.send(*(str(i) for i in range(1000)))
        self.world.settle()
        self.assertLessEqual(len(self.bob.read()), 30)


class ForeignTests(GateCase):
    def test_what_is_no_chat_is_closed_before_login(self) -> None:
        for data in (
            b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\n", b"POST /x HTTP/1.0\r\n\r\nkim\nhello\n",
            b"OPTIONS * HTTP/1.1\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"SSH-2.0-OpenSSH_9.2p1\r\n", b"SSH-2.0",
            b"PROXY TCP4 203.0.113.1 192.0.2.1 1 2\r\n", b"\x05\x01\x00", b"\x03\x00\x00\x13\x0e\xe0",
        ):  # fmt: skip
            client = self.world.connect()
            client.read()
            client.bytes(data)
            self.world.settle()
            self.assertTrue(client.wire.disconnected, data)
            self.assertEqual(client.read(), [])
            client.drop()
        self.assertEqual(self.gate.counters.cut_off["foreign"], 10)
        self.assertEqual(self.world.chat.users, {})

    def test_also_when_it_comes_in_pieces(self) -> None:
        for data in (b"\x16\x03\x01", b"GET / HTTP/1.1\r\n", b"SSH-2.0-x\r\n"):
            client = self.world.connect()
            for byte in data:
                if not client.wire.disconnected:
                    client.bytes(bytes([byte]))
            self.assertTrue(client.wire.disconnected, data)
            client.drop()

    def test_who_has_logged_in_may_say_it(self) -> None:
        client = self.world.connect()
        client.send("kim", "GET / HTTP/1.1", "SSH-2.0-x")
        self.world.settle()
        self.assertEqual(client.read()[-2:], ["[kim] GET / HTTP/1.1", "[kim] SSH-2.0-x"])
