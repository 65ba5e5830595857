"""Giving a room another name."""

from __future__ import annotations

from chat_support import START, World
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.events import Kind


class RenameTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        for name in ("ann", "far"):
            self.world.account(name, rooms=("#lobby", "#old"), markers={"#old": 1}, seen=START + 9)
        self.ann = self.world.enter("ann", "#old")
        self.bob = self.world.enter("bob", "#old", "#lobby")
        self.ann.say("before", "/topic plans", "/mode slow 5", "/voice bob", "/join #old")
        self.world.all_read()

    def test_all_are_told_and_go_on_talking_there(self) -> None:
        self.assertEqual(
            self.ann.say("/rename #new clearer", "hello"),
            [
                "user [ann] renamed the room to #new (clearer)",
                "-- You are now in #new, with one other.",
                "-- Topic: plans",
                "[ann] hello",
            ],
        )
        self.assertEqual(self.bob.read(), ["#old user [ann] renamed the room to #new (clearer)", "#new [ann] hello"])
        self.world.check()

    def test_people_rules_and_history_come_along(self) -> None:
        self.ann.say("/rename #new")
        self.assertEqual(self.ann.say("/who")[-1], "--  @ann, +bob")
        self.assertEqual(self.ann.say("/mode"), ["-- Modes of #new: slow 5."])
        said = "".join(self.ann.say("/history 100"))
        for words in ("before", "set the topic: plans", "renamed the room to #new"):
            self.assertIn(words, said)
        self.assertIn("before", "".join(self.ann.say("/search before")))
        eve = self.world.enter("eve")
        self.assertIn("before", "".join(eve.say("/join #new")))

    def test_the_old_name_is_free_and_knows_nothing(self) -> None:
        self.ann.say("/rename #new")
        eve = self.world.enter("eve")
        said = eve.say("/join #old", "/history 100", "/mode moderated on")
        self.assertEqual(said[-1], "user [eve] set moderated")
        self.assertNotIn("before", "".join(said))
        self.assertEqual(self.world.chat.rooms["#old"].topic, "")
        self.world.check()

    def test_it_lasts(self) -> None:
        self.ann.say("/rename #new")
        again = World(self.world.store)
        self.assertEqual(again.chat.rooms["#new"].topic, "plans")
        self.assertNotIn("#old", again.chat.rooms)
        far = again.enter("far")
        self.assertEqual([room.name for room in far.user.rooms], ["#lobby", "#new"])

    def test_what_was_said_in_the_same_turn_before_is_there_too(self) -> None:
        self.bob.say("/join #old")
        self.bob.send("just before")
        self.ann.send("/rename #new")
        self.bob.send("just after")
        self.world.settle()
        said = "".join(self.ann.say("/history 100"))
        self.assertIn("just before", said)
        self.assertEqual({e.stream for e in self.world.store.log if e.text.startswith("just")}, {"#new"})

    def test_who_may_and_which_names(self) -> None:
        self.assertEqual(
            self.bob.say("/join #old", "/rename #x")[-1], "!! To change the name in #old takes the role owner."
        )
        for name in ("#old", "#lobby", "#1obby", "#a,b"):
            self.assertEqual(self.ann.say(f"/rename {name}")[-1][:2], "!!", name)
        self.ann.say("/rename #new")
        self.assertIn("wait a minute", self.ann.say("/rename #newer")[-1])
        self.world.clock.advance(61)
        self.assertEqual(self.ann.say("/rename #old")[0], "user [ann] renamed the room to #old")

    def test_a_full_disk_changes_nothing(self) -> None:
        self.world.store.full = True
        self.ann.say("/rename #new")
        self.world.store.full = False
        self.world.settle()
        self.assertNotIn("#new", self.world.chat.rooms)
        self.assertEqual(self.world.chat.accounts.get("far").rooms, ("#lobby", "#old"))  # type: ignore[union-attr]
        self.world.all_read()
        self.ann.say("still here")
        self.assertIn("#old [ann] still here", self.bob.read())
        self.world.check()

    def test_the_event_is_kept_under_the_new_name(self) -> None:
        self.ann.say("/rename #new clearer")
        (kept,) = (e for e in self.world.store.log if e.kind is Kind.ROOM_RENAME)
        self.assertEqual((kept.stream, kept.target, kept.text), ("#new", "#new", "clearer"))
