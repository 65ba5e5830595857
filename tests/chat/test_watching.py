"""Being told when somebody comes and goes."""

from __future__ import annotations

from chat_support import World
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.watching import MAX_WATCHED


class WatchingTests(SynchronousTestCase):
    """By a line protocol client; the rules are the same for all."""

    def setUp(self) -> None:
        self.world = World()
        self.world.account("ann")
        self.kim = self.world.enter("kim")
        self.kim.say("/leave #lobby")

    def told(self) -> list[str]:
        self.world.settle()
        return self.kim.read()

    def test_coming_and_going(self) -> None:
        """Under whatever connection, once."""
        self.assertEqual(self.kim.say("/watch Ann"), ["-- Ann is not here."])
        ann = self.world.enter("ann")
        other = self.world.enter("ann")
        ann.drop()
        self.assertEqual(self.told(), [])
        other.drop()
        self.assertEqual(self.told(), ["-- ann is not here."])
        self.assertEqual(self.kim.say("/watch"), ["-- You watch Ann."])
        self.kim.say("/unwatch ANN")
        self.assertEqual(self.kim.say("/watch"), ["-- You watch nobody."])
        self.world.enter("ann")
        self.assertEqual(self.told(), [])

    def test_coming_is_told(self) -> None:
        """When it is kept."""
        self.kim.say("/watch ann")
        ann = self.world.connect()
        self.world.store.hold = True
        ann.send("ann", "correct-horse")
        self.assertEqual(self.told(), [])
        self.world.store.release()
        self.assertEqual(self.told(), ["-- ann is here."])

    def test_names_change(self) -> None:
        """The old is gone, the new is here."""
        self.kim.say("/watch bob", "/watch rob")
        bob = self.world.connect()
        bob.say("bob")
        self.assertEqual(self.told(), ["-- bob is here."])
        bob.say("/nick rob")
        self.assertEqual(self.told(), ["-- bob is not here.", "-- rob is here."])
        bob.say("/nick ROB")
        self.assertEqual(self.told(), [])
        bob.say("/login ann correct-horse")
        self.assertEqual(self.told(), ["-- ROB is not here."])

    def test_what_is_taken_back(self) -> None:
        """Is not told, or told to be over."""
        self.kim.say("/watch bob", "/watch rob")
        bob = self.world.enter("bob")
        self.told()
        self.world.store.full = True
        bob.say("/nick rob")
        self.world.settle()
        self.assertEqual(self.told()[-2:], ["-- rob is not here.", "-- bob is here."])
        self.world.connect().say("rob")
        self.assertEqual(self.told()[-1:], ["-- rob is not here."])

    def test_there_is_an_end(self) -> None:
        """A hundred names for each connection; and none for one that is gone, or logged out."""
        self.kim.say(*(f"/watch name{i}" for i in range(MAX_WATCHED)))
        self.assertEqual(self.kim.say("/watch more"), [f"!! You watch {MAX_WATCHED} names already."])
        self.kim.drop()
        ann = self.world.enter("ann")
        ann.say("/watch kim", "/logout")
        watching = self.world.chat.watching
        self.assertEqual((watching._of, watching._sessions, watching._closely), ({}, {}, set()))
