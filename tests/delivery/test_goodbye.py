"""A connection that is told goodbye is closed, whether it takes that or not; answers do not wait for a full disk."""

from __future__ import annotations

from chat_support import World
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.delivery.session import CLOSE_TIMEOUT
from twisted_chat.delivery.turn import NOT_SENT, RETRY


class GoodbyeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World()
        self.kim = self.world.enter("kim")

    def test_who_quits_and_does_not_read_is_cut_off_after_a_while(self) -> None:
        self.kim.session.pauseProducing()
        self.kim.say("/quit")
        self.world.clock.advance(CLOSE_TIMEOUT - 1)
        self.assertFalse(self.kim.wire.disconnected or self.kim.wire.disconnecting)
        self.world.clock.advance(1)
        self.assertTrue(self.kim.wire.disconnected)

    def test_who_quits_and_reads_is_closed_in_peace(self) -> None:
        self.kim.say("/quit")
        self.assertTrue(self.kim.wire.disconnecting)
        self.world.clock.advance(CLOSE_TIMEOUT)
        self.assertFalse(self.kim.wire.disconnected)


class FactTests(SynchronousTestCase):
    """Somebody's connection breaks while the disk is full."""

    def setUp(self) -> None:
        self.world = World()
        self.kim, self.bob = self.world.enter("kim"), self.world.enter("bob")
        self.world.store.full = True
        self.bob.drop()
        self.world.settle()

    def test_answers_do_not_wait_for_what_cannot_be_written(self) -> None:
        self.assertEqual(self.kim.say("/ping x"), ["-- pong x"])
        self.assertEqual(self.kim.say("hello"), [f"!! {NOT_SENT}"])

    def test_what_has_happened_is_told_as_soon_as_somebody_can_speak_again(self) -> None:
        self.world.store.full = False
        self.assertEqual(self.kim.say("hello"), ["user [bob] left the room", "[kim] hello"])

    def test_what_has_happened_is_told_without_anybody_speaking(self) -> None:
        self.world.store.full = False
        self.world.clock.advance(RETRY)
        self.world.settle()
        self.assertEqual(self.kim.read(), ["user [bob] left the room"])
        self.assertTrue(self.world.turn.finished().called)

    def test_as_long_as_it_cannot_be_told_the_turn_is_not_over(self) -> None:
        done = self.world.turn.finished()
        self.world.clock.pump([RETRY] * 3)
        self.assertFalse(done.called)
