"""Answers and reactions, by the line protocol; tests/protocols/irc has IRC's."""

from __future__ import annotations

from chat_support import WorldCase

from twisted_chat.chat.events import Kind


class AnsweringTests(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.kim = self.world.enter("kim")
        self.bob = self.world.enter("bob")
        self.world.clock.advance(1)

    def said(self, *lines: str) -> str:
        """@return: the id of the last event, after kim has said these."""
        self.kim.say(*lines)
        self.world.all_read()
        return str(self.world.store.log[-1].id)

    def test_what_was_said_is_answered_and_reacted_to(self) -> None:
        id = self.said("one")
        self.assertEqual(
            self.bob.say(f"/reply {id} two", f"/react {id} +1", f"/unreact {id} +1"),
            ["[bob] two", f"* bob reacts to {id} with +1", f"* bob takes back +1 from {id}"],
        )
        self.assertEqual([event.target for event in self.world.store.log[-3:]], [id] * 3)

    def test_so_is_what_was_done(self) -> None:
        id = self.said("/me waves")
        self.assertEqual(self.bob.say(f"/react {id} o/"), [f"* bob reacts to {id} with o/"])

    def test_what_was_not_said_is_not(self) -> None:
        """Who came, a reaction, what was deleted, what will be."""
        joined = str(self.world.store.log[-1].id)
        said = self.said("one")
        reaction = self.said(f"/react {said} +1")
        self.said(f"/delete {said}")
        kept = len(self.world.store.log)
        for id in (joined, reaction, said, "999"):
            for line in (f"/reply {id} x", f"/react {id} x", f"/unreact {id} x"):
                self.assertTrue(self.bob.say(line)[-1].startswith("!! There is no such message"), line)
        self.assertEqual(len(self.world.store.log), kept)
        self.assertEqual(self.kim.read(), [])

    def test_nor_is_what_was_said_elsewhere(self) -> None:
        id = self.said("/join #dev", "one")
        self.assertEqual(self.bob.say(f"/reply {id} x"), ["!! There is no such message in #lobby."])

    def test_it_is_about_the_room_one_was_in(self) -> None:
        """What follows in the same turn waits until the message is found."""
        id = self.said("one")
        self.bob.send(f"/react {id} +1", "/join #dev", "hello")
        self.world.settle()
        events = [(event.kind, event.room) for event in self.world.store.log[-3:]]
        self.assertEqual(events, [(Kind.REACTION, "#lobby"), (Kind.JOIN, "#dev"), (Kind.MESSAGE, "#dev")])

    def test_those_who_may_not_speak_are_told(self) -> None:
        id = self.said("one")
        self.world.chat.rooms["#lobby"].modes["moderated"] = True
        self.assertTrue(self.bob.say(f"/react {id} x")[-1].startswith("!! #lobby is moderated"))
