"""Saying something to a room's ops only, or in a room that is not the current one."""

from __future__ import annotations

from chat_support import World
from irc_support import irc_enter
from twisted.trial.unittest import SynchronousTestCase


class RankTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.world.account("ann")
        self.ann = self.world.enter("ann", "#room", "#lobby")
        self.bob = self.world.enter("bob", "#room")
        self.vic = self.world.enter("vic", "#room")
        self.ian = irc_enter(self.world, "ian", "#room")
        self.ann.say("/join #room", "/voice vic", "/op ian", "/join #lobby")
        self.world.all_read()

    def test_only_they_and_the_sender_hear_it(self) -> None:
        self.assertEqual(self.bob.say("/msg @#room help"), ["[bob -> @#room] help"])
        self.assertEqual(self.ann.read(), ["[bob -> @#room] help"])
        self.assertEqual(self.ian.heard()[0].params, ["@#room", "help"])
        self.assertEqual(self.vic.read(), [])
        self.assertEqual(self.ian.ask("PRIVMSG +#room :to you", "NOTICE @#room :and you"), [])
        self.assertEqual(self.vic.read(), ["[ian -> +#room] to you"])
        self.assertEqual(self.ann.read(), ["[ian -> +#room] to you", "-ian -> @#room- and you"])
        self.assertEqual(self.bob.read(), [])

    def test_it_is_in_no_history(self) -> None:
        self.bob.say("/msg @#room treasure")
        self.world.all_read()
        for who in (self.vic, self.bob, self.ann):
            self.assertNotIn("treasure", "".join(who.say("/history 100", "/search treasure")))

    def test_who_may_not_speak_may_not_do_that_either(self) -> None:
        eve = self.world.enter("eve")
        self.assertEqual(eve.say("/msg @#room x"), ["!! You are not in #room."])
        self.assertEqual(eve.say("/msg @#none x"), ["!! There is no room #none. /join #none would make it."])
        self.ann.say("/join #room", "/mute bob")
        self.assertEqual(self.bob.say("/msg @#room x")[-1], "!! You are muted in #room.")

    def test_in_another_room(self) -> None:
        self.bob.say("/join #lobby")
        self.world.all_read()
        self.assertEqual(self.bob.say("/msg #Room hello"), ["#room [bob] hello"])
        self.assertEqual(self.vic.read(), ["[bob] hello"])
        self.assertEqual(self.world.enter("eve").say("/msg #room x"), ["!! You are not in #room."])
