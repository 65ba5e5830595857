"""Who receives what, in which order, when people come, go and switch within one turn."""

from __future__ import annotations

import json
from dataclasses import replace

from chat_support import Client, World, WorldCase
from twisted.internet.address import UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import talking
from twisted_chat.chat.acts import Answer, Inspect, Label, Switch
from twisted_chat.chat.events import Event, Kind
from twisted_chat.delivery import replay
from twisted_chat.delivery.session import QUEUE_CAP, Dialect
from twisted_chat.protocols.formats import TextFormat
from twisted_chat.protocols.limits import UNLIMITED

NOW = "~ 2026-11-22 10:00:00 "


class FanoutCase(WorldCase):
    cap = QUEUE_CAP

    def setUp(self) -> None:
        self.world = World(limits=replace(UNLIMITED, send_queue=self.cap))
        self.kim, self.bob, self.eve = (self.world.enter(name) for name in ("kim", "bob", "eve"))
        self.everyone()

    def everyone(self) -> list[list[str]]:
        """What kim, bob and eve received since the last look."""
        self.world.settle()
        return [client.read() for client in (self.kim, self.bob, self.eve)]


class OrderTests(FanoutCase):
    def test_a_reply_stands_between_the_messages_of_others_where_it_was_asked_for(self) -> None:
        self.bob.send("one")
        self.kim.send("/ping a")
        self.bob.send("two")
        kim, bob, eve = self.everyone()
        self.assertEqual(kim, ["[bob] one", "-- pong a", "[bob] two"])
        self.assertEqual(bob, eve)
        self.assertEqual(bob, ["[bob] one", "[bob] two"])

    def test_in_several_rooms_one_sees_the_order_in_which_it_was_said(self) -> None:
        self.kim.send("/join #dev")
        self.bob.send("/join #dev")
        self.everyone()
        self.bob.send("1")
        self.eve.send("2")
        self.bob.send("3", "/join #lobby", "4")
        self.eve.send("/ping", "5")
        kim, bob, eve = self.everyone()
        self.assertEqual(kim, ["[bob] 1", "#lobby [eve] 2", "[bob] 3", "#lobby [bob] 4", "#lobby [eve] 5"])
        self.assertEqual(
            bob, ["[bob] 1", "#lobby [eve] 2", "[bob] 3", "-- You are now in #lobby, with 2 others.",
                  "[bob] 4", "[eve] 5"]
        )  # fmt: skip
        self.assertEqual(eve, ["[eve] 2", "[bob] 4", "-- pong", "[eve] 5"])

    def test_those_with_the_same_rooms_and_formats_share_the_same_bytes(self) -> None:
        for client in (self.kim, self.bob):
            client.send("/join #dev")
        self.everyone()
        self.kim.wire.writes.clear(), self.bob.wire.writes.clear()
        carl = self.world.enter("carl", "#dev")
        self.everyone()
        for client in (self.kim, self.bob):
            client.wire.writes.clear()
        carl.send("1")
        self.eve.send("2")
        self.world.settle()
        self.assertEqual(len(self.kim.wire.writes), 1)
        self.assertIs(self.kim.wire.writes[0], self.bob.wire.writes[0])

    def test_one_who_enters_between_two_messages_sees_the_second_live_and_the_first_as_replay(self) -> None:
        self.bob.send("/join #dev", "before")
        self.kim.send("/join #dev")
        self.bob.send("after")
        self.assertEqual(
            self.everyone()[0],
            ["user [kim] has entered the room", "-- You are now in #dev, with one other.",
             f"{NOW}[bob] before", "[bob] after"],
        )  # fmt: skip

    def test_one_who_leaves_between_two_messages_sees_the_first_only(self) -> None:
        self.bob.send("before")
        self.kim.send("/leave")
        self.bob.send("after")
        kim, bob, _ = self.everyone()
        self.assertEqual(kim[:2], ["[bob] before", "-- You left #lobby."])
        self.assertEqual(len(kim), 3)
        self.assertEqual(bob, ["[bob] before", "user [kim] left the room", "[bob] after"])

    def test_one_who_comes_back_within_a_turn_sees_what_was_said_meanwhile_as_replay(self) -> None:
        self.kim.send("/leave")
        self.bob.send("meanwhile")
        self.kim.send("/join #lobby")
        self.bob.send("after")
        kim = self.everyone()[0]
        self.assertEqual(kim[2:], ["user [kim] has entered the room", "-- You are now in #lobby, with 2 others.",
                                   f"{NOW}[bob] meanwhile", "[bob] after"])  # fmt: skip

    def test_a_switch_of_format_takes_effect_where_it_stands(self) -> None:
        self.bob.send("one")
        self.kim.send("/format json")
        self.bob.send("two")
        self.kim.send("/format text")
        self.bob.send("three")
        kim = self.everyone()[0]
        self.assertEqual((kim[0], kim[-1]), ("[bob] one", "[bob] three"))
        self.assertEqual(json.loads(kim[1])["type"], "format")
        self.assertEqual(json.loads(kim[2])["text"], "two")
        self.assertEqual(kim[3], "-- You now receive text.")

    def test_a_switch_of_the_current_room_takes_effect_where_it_stands(self) -> None:
        self.kim.send("/join #dev")
        self.everyone()
        self.bob.send("one")
        self.kim.send("/join #lobby")
        self.bob.send("two")
        self.assertEqual(
            self.everyone()[0], ["#lobby [bob] one", "-- You are now in #lobby, with 2 others.", "[bob] two"]
        )

    def test_a_direct_message_stands_in_its_place_for_both(self) -> None:
        self.bob.send("one", "/msg kim psst", "two")
        kim, bob, eve = self.everyone()
        self.assertEqual(kim, ["[bob] one", "[bob -> kim] psst", "[bob] two"])
        self.assertEqual(bob, kim)
        self.assertEqual(eve, ["[bob] one", "[bob] two"])

    def test_one_who_quits_sees_all_that_came_before_and_nothing_after(self) -> None:
        self.bob.send("before")
        self.kim.send("/quit")
        self.bob.send("after")
        kim, bob, _ = self.everyone()
        self.assertEqual(kim, ["[bob] before", "-- Goodbye."])
        self.assertEqual(bob, ["[bob] before", "user [kim] left the room", "[bob] after"])
        self.kim.drop()

    def test_one_who_is_gone_within_the_turn_hurts_nobody(self) -> None:
        self.kim.send("one")
        self.kim.drop()
        self.bob.send("two")
        self.eve.drop()
        _, bob, eve = self.everyone()
        self.assertEqual(bob, ["[kim] one", "user [kim] left the room", "[bob] two", "user [eve] left the room"])
        self.assertEqual(eve, [])


class CrowdTests(SynchronousTestCase):
    def test_200_who_join_talk_and_leave_at_once_see_everything_once_in_order(self) -> None:
        world = World()
        witness = world.enter("witness")
        clients = [world.connect() for _ in range(200)]
        for i, client in enumerate(clients):
            client.send(f"guest-{i}-")
        for i, client in enumerate(clients):
            client.send(f"hello {i}")
        for client in clients:
            client.send("/quit")
        world.settle()
        seen = witness.read()
        expected = [f"user [guest-{i}-] has entered the room" for i in range(200)]
        expected += [f"[guest-{i}-] hello {i}" for i in range(200)]
        expected += [f"user [guest-{i}-] left the room" for i in range(200)]
        self.assertEqual(seen, expected)
        for i, client in enumerate(clients):
            lines = client.read()[1:]
            live = [line for line in lines if not line.startswith("--")]
            self.assertEqual(live, expected[i + 1 : 400 + i])
            self.assertEqual(lines[-1], "-- Goodbye.")
            client.drop()
        world.settle()
        world.check()

    def test_connections_that_break_while_they_are_written_to_hurt_no_other(self) -> None:
        world = World()
        clients = [world.enter(f"guest-{i}-") for i in range(20)]
        for client in clients[::3]:
            self.break_on_write(client)
        clients[1].send("hello")
        world.settle()
        for client in clients:
            if client not in clients[::3]:
                self.assertIn("[guest-1-] hello", client.read())
        self.assertEqual(len(world.chat.users), 13)
        world.check()
        self.assertEqual(self.flushLoggedErrors(), [])

    def break_on_write(self, client: Client) -> None:
        """The worst that a transport could do: say at once, in the midst of a delivery, that it is gone."""
        session = client.session

        def write(data: bytes) -> None:
            if client.protocol in client.world.factory.connections:
                client.drop()

        client.wire.write = write  # type: ignore[method-assign]
        self.assertIsNotNone(session.user)


class SlowTests(FanoutCase):
    cap = 2000

    def test_one_who_does_not_read_is_cut_off_and_the_others_see_it_leave_and_miss_nothing(self) -> None:
        self.eve.session.pauseProducing()
        for i in range(100):
            self.kim.say(f"line {i} {'x' * 50}")
            if self.eve.wire.disconnected:
                break
        self.assertTrue(self.eve.wire.disconnected)
        self.assertLess(i, 50)
        self.eve.drop()
        self.kim.say("after")
        bob = self.bob.read()
        self.assertEqual(bob[-2:], ["user [eve] left the room", "[kim] after"])
        self.assertEqual(len(bob), i + 3)
        self.assertEqual(self.eve.read(), [])

    def test_one_who_reads_slowly_gets_everything_in_order(self) -> None:
        self.eve.session.pauseProducing()
        self.kim.send("one")
        self.eve.send("/ping a")
        self.everyone()
        self.kim.send("two")
        self.world.settle()
        self.assertEqual(self.eve.read(), [])
        self.eve.session.resumeProducing()
        self.assertEqual(self.eve.read(), ["[kim] one", "-- pong a", "[kim] two"])


class Fragile(TextFormat):
    """A format that cannot write some things: a defect."""

    def event(self, event: Event) -> bytes:
        return super().event(event) if event.text != "poison" else 1 // 0

    def answer(self, answer: Answer) -> bytes:
        return super().answer(answer) if answer.text != "pong poison" else 1 // 0


class DefectTests(FanoutCase):
    """A defect costs what it is in, and nothing else; and nobody but those whom it concerns."""

    def setUp(self) -> None:
        super().setUp()
        self.kim.session._dialects = {"fragile": Dialect(Fragile(False), Fragile(True))}
        self.world.chat.do(self.kim.session, Switch(self.kim.session, "fragile"))
        self.everyone()

    def logged(self, kind: type[Exception] = ZeroDivisionError) -> None:
        self.assertEqual(len(self.flushLoggedErrors(kind)), 1)

    def test_an_event_that_cannot_be_written(self) -> None:
        self.bob.send("one", "poison", "two")
        kim, bob, eve = self.everyone()
        self.assertEqual(kim, ["[bob] one", "[bob] two"])
        self.assertEqual(bob, ["[bob] one", "[bob] poison", "[bob] two"])
        self.assertEqual(eve, bob)
        self.logged()

    def test_an_answer_that_cannot_be_written(self) -> None:
        self.bob.send("one")
        self.kim.send("/ping a", "/ping poison", "/join #dev", "/ping b")
        self.eve.send("/join #dev", "/ping c")
        kim, bob, eve = self.everyone()
        self.assertEqual(kim[:2], ["[bob] one", "-- pong a"])
        self.assertEqual(kim[-2:], ["-- pong b", "user [eve] has entered the room"])
        self.assertEqual(bob, ["[bob] one"])
        self.assertIn("-- pong c", eve)
        self.assertEqual(self.eve.say("hi"), ["[eve] hi"])
        self.assertEqual(self.kim.read(), ["[eve] hi"])
        self.logged()

    def test_one_who_is_told_goodbye_goes_all_the_same(self) -> None:
        self.kim.send("/ping poison", "/quit")
        self.everyone()
        self.assertTrue(self.kim.wire.disconnecting)
        self.logged()

    def test_what_is_done_with_an_event_that_was_looked_at(self) -> None:
        session = self.bob.session

        def then(found: Event | None) -> None:
            raise KeyError("x")

        session.busy = True
        self.world.chat.do(session, Inspect(session, "#lobby", 1, then))
        self.everyone()
        self.assertFalse(session.busy)
        self.logged(KeyError)


class ReplayTests(FanoutCase):
    def joined(self, room: str = "#lobby") -> list[str]:
        """What someone who comes in now is shown of what was said."""
        carl = self.world.connect()
        lines = carl.say("carl", *([f"/join {room}"] if room != "#lobby" else []))
        carl.drop()
        self.everyone()
        return [line.removeprefix(NOW) for line in lines if line.startswith("~")]

    def test_a_newcomer_is_shown_the_last_20_lines_said_and_not_who_came_and_went(self) -> None:
        self.assertEqual(self.joined(), [])
        for i in range(25):
            self.kim.say(f"line {i}")
            self.assertEqual(self.joined(), [f"[kim] line {j}" for j in range(max(0, i - 19), i + 1)])

    def test_each_line_once_also_when_they_were_said_in_the_same_turn(self) -> None:
        self.kim.say(*(f"line {i}" for i in range(15)))
        carl = self.world.connect()
        self.kim.send(*(f"line {i}" for i in range(15, 25)))
        carl.send("carl")
        self.kim.send("line 25")
        self.world.settle()
        lines = carl.read()
        self.assertEqual(
            [line for line in lines if line.startswith("~")], [f"{NOW}[kim] line {i}" for i in range(5, 25)]
        )
        self.assertEqual(lines[-1], "[kim] line 25")

    def test_each_line_once_when_the_log_answers_late(self) -> None:
        self.kim.say("/join #dev", "old 1", "old 2", "/leave")
        self.world.store.hold_reads = True
        self.kim.say("/join #dev")
        self.bob.say("/join #dev")
        self.bob.say("new 1")
        self.eve.say("/join #dev")
        self.bob.say("new 2")
        self.assertNotIn("[bob] new 1", self.kim.read())
        self.world.store.release_reads()
        self.assertEqual(
            [line for line in self.kim.read() if "old" in line or "new" in line],
            [f"{NOW}[kim] old 1", f"{NOW}[kim] old 2", "[bob] new 1", "[bob] new 2"],
        )
        self.assertEqual(
            [line for line in self.eve.read() if "old" in line or "new" in line],
            [f"{NOW}[kim] old 1", f"{NOW}[kim] old 2", f"{NOW}[bob] new 1", "[bob] new 2"],
        )
        self.world.store.hold_reads = False
        self.assertEqual(self.joined("#dev"), ["[kim] old 1", "[kim] old 2", "[bob] new 1", "[bob] new 2"])

    def test_each_line_once_for_one_who_enters_as_the_last_one_leaves(self) -> None:
        self.kim.send("/join #dev", "line", "/leave")
        self.bob.send("/join #dev")
        self.eve.send("/join #dev")
        for lines in self.everyone()[1:]:
            self.assertEqual([line for line in lines if line.startswith("~")], [f"{NOW}[kim] line"])
        self.assertEqual(self.joined("#dev"), ["[kim] line"])

    def test_each_line_once_for_one_who_opens_a_room_just_before_another(self) -> None:
        self.eve.send("/ping")
        self.kim.send("/join #dev", "line 1", "line 2")
        self.eve.send("/join #dev")
        kim, _, eve = self.everyone()
        self.assertEqual([line for line in kim if "line" in line], ["[kim] line 1", "[kim] line 2"])
        self.assertEqual([line for line in eve if "line" in line], [f"{NOW}[kim] line 1", f"{NOW}[kim] line 2"])
        self.assertEqual(self.joined("#dev"), ["[kim] line 1", "[kim] line 2"])

    def test_the_log_is_asked_once_however_many_come_in(self) -> None:
        self.kim.say("/join #dev", "line")
        self.world.store.reads.clear()
        for _ in range(5):
            self.joined("#dev")
        self.assertEqual(len(self.world.store.reads), 0)

    def test_a_room_that_was_empty_is_shown_from_the_log(self) -> None:
        self.kim.say("/join #dev", *(f"line {i}" for i in range(30)), "/leave")
        self.assertEqual(self.joined("#dev"), [f"[kim] line {i}" for i in range(10, 30)])

    def test_when_the_log_cannot_be_read_a_newcomer_is_told_and_the_next_one_is_shown_all(self) -> None:
        self.kim.say("/join #dev", "line", "/leave")
        self.world.store.unreadable = True
        self.assertIn("!! The log cannot be read now.", self.bob.say("/join #dev"))
        self.world.store.unreadable = False
        self.assertIn(f"{NOW}[kim] line", self.eve.say("/join #dev"))
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_replay_reads_as_it_was_with_the_name_of_then_and_in_ones_own_format(self) -> None:
        self.kim.say("hello", "/nick kimchi", "/me waves", "/topic T")
        self.assertEqual(self.joined(), ["[kim] hello", "* kimchi waves", "user [kimchi] set the topic: T"])
        dan = self.world.connect()
        dan.say("dan")
        dan.say("/format json", "/leave")
        dan.send("/join #lobby")
        self.world.settle()
        replayed = [line for line in dan.objects() if line.get("replay")]
        self.assertEqual([line["type"] for line in replayed], ["message", "action", "topic"])


class RestartTests(SynchronousTestCase):
    """A new process on the log of an old one."""

    def setUp(self) -> None:
        old = World()
        kim = old.enter("kim")
        kim.say(*(f"line {i}" for i in range(5)), "/topic T", "/join #dev", "in dev")
        kim.drop()
        old.settle()
        self.world = World(old.store)

    def shown(self, name: str) -> list[str]:
        client = self.world.connect()
        return [line.removeprefix(NOW) for line in client.say(name) if line.startswith("~")]

    def test_everyone_who_joins_is_shown_the_rooms_last_lines(self) -> None:
        expected = [*(f"[kim] line {i}" for i in range(5)), "user [kim] set the topic: T"]
        for name in ("bob", "eve", "carl"):
            self.assertEqual(self.shown(name), expected)
        self.world.clients()[0].say("new")
        self.assertEqual(self.shown("dan"), [*expected, "[bob] new"])

    def test_two_who_join_in_the_same_turn_are_shown_the_same(self) -> None:
        bob, eve = self.world.connect(), self.world.connect()
        bob.send("bob", "new")
        eve.send("eve")
        self.world.settle()
        replayed = [[line for line in c.read() if line.startswith("~")] for c in (bob, eve)]
        self.assertEqual([len(lines) for lines in replayed], [6, 7])

    def test_topics_and_numbers_go_on(self) -> None:
        bob = self.world.connect()
        self.assertIn("-- Topic: T", bob.say("bob"))
        last = self.world.store.log[-1].id
        bob.say("x")
        self.assertEqual(self.world.store.log[-1].id, last + 1)
        self.assertEqual(self.world.check(), None)


class PagingTests(FanoutCase):
    def setUp(self) -> None:
        super().setUp()
        self.patch(replay, "PAGE", 10)
        self.kim.say(*(f"line {i}" for i in range(95)))
        self.everyone()
        self.world.store.reads.clear()

    def ids(self) -> list[int]:
        return [step.id for step in self.world.store.log]

    def test_a_long_history_comes_in_pages_complete_and_in_order(self) -> None:
        lines = self.bob.say("/history 90")
        self.assertEqual(lines[:-1], [f"{NOW}[kim] line {i}" for i in range(5, 95)])
        self.assertEqual(lines[-1], "-- End of the history of #lobby, 90 lines.")
        self.assertTrue(all(query.limit <= 10 for query in self.world.store.reads if query.after is not None))

    def test_one_page_at_a_time_is_read_as_fast_as_the_reader_reads(self) -> None:
        self.world.store.hold_reads = True
        self.bob.say("/history 90")
        for _ in range(3):
            self.world.store.release_reads()
        self.bob.session.pauseProducing()
        self.world.store.release_reads()
        asked = len(self.world.store.reads)
        self.world.store.release_reads()
        self.assertEqual(len(self.world.store.reads), asked)
        self.bob.session.resumeProducing()
        self.assertEqual(len(self.world.store.reads), asked + 1)

    def test_what_comes_meanwhile_waits_for_the_end(self) -> None:
        self.world.store.hold_reads = True
        self.bob.say("/history 30", "/ping a")
        self.kim.say("meanwhile")
        while "-- pong a" not in self.bob.wire.value().decode():
            self.world.store.release_reads()
        lines = self.bob.read()
        self.assertEqual(lines[:30], [f"{NOW}[kim] line {i}" for i in range(65, 95)])
        self.assertEqual(lines[30:], ["-- End of the history of #lobby, 30 lines.", "-- pong a", "[kim] meanwhile"])

    def test_what_was_said_after_the_question_is_not_in_the_answer(self) -> None:
        self.world.store.hold_reads = True
        self.kim.send("said before")
        self.bob.send("/history 2")
        self.kim.send("said after")
        self.world.settle()
        self.world.store.release_reads()
        self.assertEqual(
            self.bob.read(),
            ["[kim] said before", f"{NOW}[kim] line 94", f"{NOW}[kim] said before",
             "-- End of the history of #lobby, 2 lines.", "[kim] said after"],
        )  # fmt: skip

    def test_nor_when_the_answer_ends_before_an_id_that_is_yet_to_come(self) -> None:
        self.bob.send("/history 1 before 999999")
        self.kim.send("said after")
        self.world.settle()
        self.assertEqual(self.bob.read()[0], f"{NOW}[kim] line 94")

    def test_pages_after_an_id_end_at_the_limit(self) -> None:
        lines = self.bob.say("/history 25 after 50")
        self.assertEqual(lines[:-1], [f"{NOW}[kim] line {i}" for i in range(47, 72)])
        lines = self.bob.say("/history 25 before 50")
        self.assertEqual(lines[:-1], [f"{NOW}[kim] line {i}" for i in range(21, 46)])

    def test_a_history_shorter_than_asked_for_comes_whole(self) -> None:
        self.assertEqual(len(self.bob.say("/history 1000")), 98 + 1)

    def test_one_who_goes_while_pages_are_read_hurts_nobody(self) -> None:
        self.world.store.hold_reads = True
        self.bob.say("/history 90")
        self.world.store.release_reads()
        self.bob.drop()
        self.world.store.release_reads()
        self.world.store.release_reads()
        self.assertEqual(self.kim.say("still here")[-1], "[kim] still here")


class PeerTests(SynchronousTestCase):
    def test_sessions_are_named_by_their_address_for_the_log(self) -> None:
        world = World()
        self.assertEqual(world.connect().session.peer, "192.0.2.1:4711")
        client = Client(world, UNIXAddress(None))
        client.protocol.makeConnection(client.wire)
        self.assertEqual(client.session.peer, "a local socket")


class Terse(TextFormat):
    """A format of a protocol that shows rooms side by side: what is one thing, is told once; passing events too."""

    once = True

    def event(self, event: Event) -> bytes:
        return f"{event.kind.name} {event.actor} {event.text}\n".encode()

    def enclose(self, label: str, said: bytes, first: bool = True, last: bool = True) -> bytes:
        return (f"<{label}>\n" if first else "").encode() + said + (f"</{label}>\n" if last else "").encode()


class SideBySideTests(FanoutCase):
    """What protocols need that show rooms side by side."""

    def setUp(self) -> None:
        super().setUp()
        terse = Dialect(Terse(True), Terse(True))
        self.kim.session._dialects = {"terse": terse}
        for client in (self.kim, self.bob, self.eve):
            client.send("/join #dev")
        self.world.chat.do(self.kim.session, Switch(self.kim.session, "terse"))
        self.everyone()

    def test_a_sender_may_do_without_the_echo_of_one_message_and_misses_no_other(self) -> None:
        self.bob.send("before")
        talking.say(self.world.chat, self.kim.session, "unechoed", where="#dev", echo=False)
        self.bob.send("after")
        kim, bob, _ = self.everyone()
        self.assertEqual(kim, ["MESSAGE bob before", "MESSAGE bob after"])
        self.assertEqual(bob, ["[bob] before", "[kim] unechoed", "[bob] after"])

    def test_one_thing_that_happens_in_several_rooms_is_told_once_or_in_each(self) -> None:
        self.eve.send("/nick eva")
        kim, bob, _ = self.everyone()
        self.assertEqual(kim, ["RENAME eve "])
        self.assertEqual(sorted(bob), ["#lobby user [eve] is now [eva]", "user [eve] is now [eva]"])
        self.eve.send("/quit tea")
        kim, bob, _ = self.everyone()
        self.assertEqual(kim, ["LEAVE eva tea"])
        self.assertEqual(len(bob), 2)

    def test_one_thing_is_told_once_beside_an_answer_too(self) -> None:
        self.world.chat.answer(self.kim.session, "hello")
        self.eve.send("/nick eva")
        self.world.chat.answer(self.kim.session, "again")
        kim, _, _ = self.everyone()
        self.assertEqual(kim, ["-- hello", "RENAME eve ", "-- again"])

    def test_the_same_thing_twice_is_told_twice(self) -> None:
        self.eve.send("/nick eva", "/nick evi")
        self.assertEqual(self.everyone()[0], ["RENAME eve ", "RENAME eva "])

    def test_what_passes_is_told_in_its_place_and_not_kept(self) -> None:
        self.eve.send("1", "/away lunch", "2")
        kim, bob, _ = self.everyone()
        self.assertEqual(kim, ["MESSAGE eve 1", "AWAY eve lunch", "MESSAGE eve 2"])
        self.assertEqual(bob, ["[eve] 1", "[eve] 2"])
        self.assertNotIn(Kind.AWAY, {event.kind for event in self.world.store.log})

    def test_what_passes_alone_needs_no_commit_and_no_empty_write(self) -> None:
        commits = len(self.world.store.commits)
        self.bob.wire.writes.clear()
        self.eve.send("/away lunch")
        self.assertEqual(self.everyone()[0], ["AWAY eve lunch"])
        self.assertEqual(len(self.world.store.commits), commits)
        self.assertEqual(self.bob.wire.writes, [])

    def test_what_answers_one_command_is_enclosed_and_nothing_else(self) -> None:
        chat, session = self.world.chat, self.kim.session
        self.bob.send("before")
        chat.do(session, Label(session, "x"))
        chat.answer(session, "answer")
        talking.say(chat, session, "echo", where="#dev")
        chat.do(session, Label(session, None))
        self.bob.send("after")
        kim, _, _ = self.everyone()
        self.assertEqual(
            kim, ["MESSAGE bob before", "<x>", "-- answer", "MESSAGE kim echo", "</x>", "MESSAGE bob after"]
        )
