"""What one person is told of what another does in the same turn of the reactor."""

from __future__ import annotations

from chat_support import WorldCase
from irc_support import IRCClient, irc_enter

SECRET = "the words of those who were here before"


class OneTurnTests(WorldCase):
    """ann is in a secret room; bob and then cat come to a room of its name."""

    def setUp(self) -> None:
        super().setUp()
        self.world.account("ann")
        self.ann = irc_enter(self.world, "ann")
        self.bob, self.cat = irc_enter(self.world, "bob"), irc_enter(self.world, "cat")

    def enter_secretly(self, who: IRCClient, lines: int) -> None:
        who.ask("JOIN #x", "MODE #x +s", *(f"PRIVMSG #x :{SECRET}" for _ in range(lines)))

    def check_nothing_is_seen(self) -> None:
        self.world.settle()
        seen = [*self.bob.read(), *self.cat.ask("JOIN #x"), *self.bob.read()]
        self.assertIn("353", "".join(map(str, seen)))
        self.assertNotIn(SECRET, "".join(map(str, seen)))

    def test_a_room_whose_name_is_free_now(self) -> None:
        """Of what was said in it, whoever takes the name sees nothing, however soon; nor who comes next."""
        for lines in (1, 30):
            self.enter_secretly(self.ann, lines)
            # What bob is sent before puts him before ann in the delivery.
            self.bob.send("PING 1")
            self.ann.send(f"RENAME #x #y{lines}")
            self.bob.send("JOIN #x")
            self.check_nothing_is_seen()
            for client in (self.bob, self.cat):
                client.ask("PART #x")

    def test_a_room_that_has_ended(self) -> None:
        dan = irc_enter(self.world, "dan")
        self.enter_secretly(dan, 3)
        self.bob.send("PING 1")
        dan.send("PART #x")
        self.bob.send("JOIN #x")
        self.check_nothing_is_seen()

    def test_what_is_deleted_is_gone_for_who_comes_in_the_same_turn(self) -> None:
        self.ann.ask("JOIN #x", *(f"PRIVMSG #x :{i}" for i in range(30)), f"PRIVMSG #x :{SECRET}")
        id = self.world.store.log[-1].id
        self.assertIn(SECRET, str(self.cat.ask("JOIN #x", "PART #x")))
        self.ann.send(f"REDACT #x {id}")
        self.world.one_turn()
        self.bob.send("JOIN #x")
        self.check_nothing_is_seen()
