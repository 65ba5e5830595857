"""The rules: what an act does to the chat, that a refusal does nothing, and that every act can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chat_support import START, Box, Seat, Trusting
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import membership, presence, status, talking
from twisted_chat.chat.acts import Answer, Close, Enter, Exit, Focus, Private, Recall
from twisted_chat.chat.chat import MAX_NOTE, Chat
from twisted_chat.chat.errors import Refused
from twisted_chat.chat.events import Event, Kind
from twisted_chat.chat.names import parse_name


class ChatCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.box = Box()
        self.time = START
        self.chat = Chat(self.box, lambda: self.time, Trusting(), "test", "Be kind.\nHave fun.")
        self.kim = self.login("kim")
        self.bob = self.login("bob")
        self.box.take()

    def login(self, name: str) -> Seat:
        seat = Seat()
        presence.enter(self.chat, seat, parse_name(name))
        return seat

    def events(self) -> list[tuple[Any, ...]]:
        """The events since the last look."""
        return [
            (step.kind, step.room, step.actor, step.target, step.text)
            for step in self.box.take()
            if isinstance(step, Event)
        ]

    def state(self) -> dict[str, Any]:
        """All that the chat knows."""
        return {
            "users": {
                key: (user.name, [room.name for room in user.rooms], user.sessions, user.away)
                for key, user in self.chat.users.items()
            },
            "rooms": {
                name: (room.topic, {user.name.key for user in room.members}) for name, room in self.chat.rooms.items()
            },
            "looks": dict(self.chat.looks),
            "seats": [(seat.user and seat.user.name, seat.room and seat.room.name) for seat in (self.kim, self.bob)],
        }


class ActTests(ChatCase):
    def test_login_puts_a_person_into_the_lobby_and_greets_them(self) -> None:
        eve = Seat()
        presence.enter(self.chat, eve, parse_name("Eve"))
        enter, focus, event, answer, recall = self.box.take()
        self.assertEqual((enter.session, enter.room, focus.room), (eve, "#lobby", "#lobby"))
        self.assertEqual((event.kind, event.time, event.room, event.actor), (Kind.JOIN, START * 1000, "#lobby", "Eve"))
        self.assertEqual(
            answer.text.split("\n"),
            ["Be kind.", "Have fun.", "Welcome to test. You are in #lobby, with 2 others; /help lists the commands."],
        )
        self.assertEqual((answer.kind, answer.data), ("room", {"room": "#lobby", "topic": "", "members": 3}))
        self.assertEqual((recall.rooms, recall.limit, recall.talk, recall.end), (("#lobby",), 20, True, None))
        self.assertIs(eve.user.rooms[0], self.chat.rooms["#lobby"])

    def test_the_first_one_is_alone(self) -> None:
        chat = Chat(self.box, lambda: START, Trusting())
        presence.enter(chat, Seat(), parse_name("kim"))
        (answer,) = (step for step in self.box.take() if isinstance(step, Answer))
        self.assertEqual(answer.text, "Welcome to chat. You are in #lobby, alone; /help lists the commands.")

    def test_joining_shows_what_was_said_there_after_saying_where_one_is(self) -> None:
        membership.join(self.chat, self.kim, "#dev")
        enter, focus, event, answer, recall = self.box.take()
        self.assertEqual([type(s) for s in (enter, focus, answer, recall)], [Enter, Focus, Answer, Recall])
        self.assertEqual((event.kind, event.room), (Kind.JOIN, "#dev"))
        self.assertEqual(recall.rooms, ("#dev",))

    def test_the_one_who_leaves_does_not_see_it_and_is_told_where_they_are(self) -> None:
        membership.leave(self.chat, self.kim)
        leave, event, info, focus, room = self.box.take()
        self.assertEqual((type(leave), event.kind), (Exit, Kind.LEAVE))
        self.assertEqual((info.text, focus.room, room.data["room"]), ("You left #lobby.", None, None))

    def test_a_broken_connection_leaves_every_room_as_a_fact(self) -> None:
        membership.join(self.chat, self.kim, "#dev")
        self.box.take()
        presence.lost(self.chat, self.kim)
        facts = [act for act in self.box.acts if act.fact]
        self.assertEqual([[event.room for event in act.steps] for act in facts], [["#lobby", "#dev"]])
        self.assertEqual([step.room for step in self.box.take() if isinstance(step, Exit)], [None])
        self.assertNotIn("kim", self.chat.users)
        self.assertNotIn("#dev", self.chat.rooms)

    def test_a_connection_may_be_lost_twice_or_before_login(self) -> None:
        presence.lost(self.chat, self.kim)
        self.box.take()
        presence.lost(self.chat, self.kim)
        presence.lost(self.chat, Seat())
        self.assertEqual(self.box.take(), [])

    def test_quit_says_the_reason_to_the_rooms_and_goodbye_to_the_one_who_leaves(self) -> None:
        presence.quit(self.chat, self.kim, "lunch")
        steps = self.box.take()
        self.assertEqual(steps[1].text, "lunch")
        self.assertEqual((steps[-2].kind, steps[-2].text, type(steps[-1])), ("closing", "Goodbye.", Close))

    def test_a_direct_message_is_for_both_and_in_no_room(self) -> None:
        talking.message(self.chat, self.kim, "psst", "BOB")
        event, private = self.box.take()
        self.assertEqual((event.kind, event.room, event.target, event.text), (Kind.DIRECT, None, "bob", "psst"))
        self.assertEqual(type(private), Private)
        self.assertEqual((private.sessions, private.event), ((self.kim, self.bob), event))

    def test_restored_topics_are_there_before_anyone(self) -> None:
        chat = Chat(self.box, lambda: START, Trusting())
        chat.restore([("#dev", "what breaks"), ("#lobby", "welcome")])
        self.assertEqual(
            {name: room.topic for name, room in chat.rooms.items()}, {"#dev": "what breaks", "#lobby": "welcome"}
        )
        seat = Seat()
        presence.enter(chat, seat, parse_name("kim"))
        self.assertIn("Topic: welcome", self.box.take()[3].text)
        self.assertRaises(Refused, membership.join, chat, seat, "#d\u0435v")

    def test_talking_and_doing_keep_one_from_being_idle(self) -> None:
        for do in (
            lambda: talking.say(self.chat, self.kim, "hi"),
            lambda: membership.join(self.chat, self.kim, "#dev"),
            lambda: talking.message(self.chat, self.kim, "hi", "bob"),
        ):
            self.time += 60
            do()
            self.assertEqual(self.kim.user.active, self.time)
        self.assertEqual(self.bob.user.active, START)

    def test_an_event_does_not_show_its_text_in_tracebacks(self) -> None:
        event = Event(Kind.MESSAGE, 0, "#lobby", "kim", "", "secret", 7)
        self.assertEqual(repr(event), "<Event 7 MESSAGE #lobby kim>")


class RefusalTests(ChatCase):
    def test_whatever_is_refused_changes_nothing_and_says_nothing(self) -> None:
        chat, kim, stranger = self.chat, self.kim, Seat()
        membership.join(chat, self.bob, "#modem")
        self.box.take()
        long = "x" * (MAX_NOTE + 1)
        refused: list[tuple[str, Callable[[], None]]] = [
            ("bad-name", lambda: presence.enter(chat, stranger, parse_name("a b"))),
            ("name-in-use", lambda: presence.enter(chat, stranger, parse_name("KIM"))),
            ("confusable", lambda: presence.enter(chat, stranger, parse_name("b\u043eb"))),
            ("bad-room", lambda: membership.join(chat, kim, "#")),
            ("confusable", lambda: membership.join(chat, kim, "#modern")),
            ("no-such-room", lambda: membership.leave(chat, kim, "#none")),
            ("not-in-room", lambda: membership.leave(chat, kim, "#modem")),
            ("bad-name", lambda: presence.rename(chat, kim, "")),
            ("same-name", lambda: presence.rename(chat, kim, "kim")),
            ("name-in-use", lambda: presence.rename(chat, kim, "Bob")),
            ("confusable", lambda: presence.rename(chat, kim, "b\u043eb")),
            ("no-such-user", lambda: talking.message(chat, kim, "hi", "eve")),
            ("bad-name", lambda: talking.message(chat, kim, "hi", "<bob>")),
            ("too-long", lambda: talking.set_topic(chat, kim, long)),
            ("too-long", lambda: status.set_away(chat, kim, long)),
            ("too-long", lambda: presence.quit(chat, kim, long)),
            ("not-logged-in", lambda: membership.join(chat, stranger, "#dev")),
            ("not-logged-in", lambda: presence.rename(chat, stranger, "eve")),
            ("not-logged-in", lambda: status.set_away(chat, stranger, "tea")),
            ("no-room", lambda: talking.say(chat, stranger, "hi")),
        ]
        for code, do in refused:
            before = self.state()
            why = self.assertRaises(Refused, do)
            self.assertEqual(why.code, code)
            self.assertRegex(why.sentence, r"^[A-Z].*[.?]$")
            self.assertEqual(self.state(), before)
            self.assertEqual(self.box.take(), [])
            self.assertIsNone(stranger.user)


class UndoTests(ChatCase):
    """When the log could not be written, nothing has happened."""

    def undone(self, *acts: Callable[[], None]) -> None:
        before = self.state()
        for act in acts:
            act()
        self.assertNotEqual(self.state(), before)
        self.box.undo()
        self.assertEqual(self.state(), before)

    def test_login(self) -> None:
        seat = Seat()
        self.undone(lambda: presence.enter(self.chat, seat, parse_name("eve")))
        self.assertEqual((seat.user, seat.room), (None, None))

    def test_joining_a_new_room(self) -> None:
        self.undone(lambda: membership.join(self.chat, self.kim, "#dev"))

    def test_joining_a_room_of_others(self) -> None:
        membership.join(self.chat, self.bob, "#dev")
        self.box.take()
        self.undone(lambda: membership.join(self.chat, self.kim, "#dev"))

    def test_leaving_the_current_room_and_another(self) -> None:
        membership.join(self.chat, self.kim, "#dev")
        self.box.take()
        self.undone(lambda: membership.leave(self.chat, self.kim))
        self.undone(lambda: membership.leave(self.chat, self.kim, "#lobby"))

    def test_renaming(self) -> None:
        self.undone(lambda: presence.rename(self.chat, self.kim, "kimchi"))
        self.undone(lambda: presence.rename(self.chat, self.kim, "KIM"))

    def test_topics(self) -> None:
        self.undone(lambda: talking.set_topic(self.chat, self.kim, "new"))
        talking.set_topic(self.chat, self.kim, "old")
        self.box.take()
        self.undone(lambda: talking.set_topic(self.chat, self.kim, "new"))
        self.undone(lambda: talking.set_topic(self.chat, self.kim, ""))

    def test_all_at_once_in_turn(self) -> None:
        seat, chat = Seat(), self.chat
        self.undone(
            lambda: presence.enter(chat, seat, parse_name("eve")),
            lambda: membership.join(chat, seat, "#dev"),
            lambda: talking.set_topic(chat, seat, "x"),
            lambda: presence.rename(chat, self.kim, "kimchi"),
            lambda: presence.rename(chat, seat, "kim"),
            lambda: membership.join(chat, self.bob, "#dev"),
            lambda: membership.leave(chat, seat),
            lambda: membership.leave(chat, self.bob),
            lambda: membership.leave(chat, self.bob),
            lambda: membership.join(chat, self.bob, "#dev"),
        )

    def lost_after(self, *acts: Callable[[], None], seat: Seat | None = None) -> list[tuple[Any, ...]]:
        """What the log is told in the end of someone who has left after acts that were taken back."""
        for act in acts:
            act()
        presence.lost(self.chat, seat or self.kim)
        (fact,) = (act for act in self.box.acts if act.fact)
        self.box.undo()
        self.check_tables()
        return [(step.kind, step.room, step.actor) for step in fact.steps if isinstance(step, Event)]

    def check_tables(self) -> None:
        self.assertEqual(set(self.chat.users), {"bob"})
        self.assertEqual(
            self.chat.looks.keys(), {self.bob.user.name.skeleton, *(r.skeleton for r in self.chat.rooms.values())}
        )
        for room in self.chat.rooms.values():
            self.assertTrue(room.members or room.topic or room.name == "#lobby")
            self.assertLessEqual(set(room.members), {self.bob.user})

    def test_of_one_whose_login_is_taken_back_nobody_is_told_that_they_left(self) -> None:
        seat = Seat()
        presence.lost(self.chat, self.kim)
        self.box.take()
        self.assertEqual(self.lost_after(lambda: presence.enter(self.chat, seat, parse_name("eve")), seat=seat), [])

    def test_nobody_leaves_a_room_that_they_did_not_come_to_enter(self) -> None:
        left = self.lost_after(lambda: membership.join(self.chat, self.kim, "#dev"))
        self.assertEqual(left, [(Kind.LEAVE, "#lobby", "kim")])

    def test_a_room_left_in_vain_is_left_with_the_connection(self) -> None:
        left = self.lost_after(lambda: membership.leave(self.chat, self.kim))
        self.assertEqual(left, [(Kind.LEAVE, "#lobby", "kim")])

    def test_one_leaves_under_the_name_that_the_log_knows(self) -> None:
        left = self.lost_after(lambda: presence.rename(self.chat, self.kim, "kimchi"))
        self.assertEqual(left, [(Kind.LEAVE, "#lobby", "kim")])
        self.login("kim")

    def test_a_topic_taken_back_leaves_no_empty_room(self) -> None:
        membership.join(self.chat, self.kim, "#dev")
        self.box.take()
        self.lost_after(lambda: talking.set_topic(self.chat, self.kim, "mine"))
        self.assertEqual(set(self.chat.rooms), {"#lobby"})

    def test_a_topic_cleared_in_vain_is_still_there(self) -> None:
        membership.join(self.chat, self.kim, "#dev")
        talking.set_topic(self.chat, self.kim, "ours")
        self.box.take()
        self.lost_after(lambda: talking.set_topic(self.chat, self.kim, ""))
        self.assertEqual(self.chat.rooms["#dev"].topic, "ours")
