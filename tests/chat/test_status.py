"""Being away, by person and by connection; realnames."""

from __future__ import annotations

from chat_support import Client, World
from twisted.trial.unittest import SynchronousTestCase


class AwayTests(SynchronousTestCase):
    """What a person says, and what their connections are."""

    def setUp(self) -> None:
        self.world = World()
        self.world.account("kim")
        self.kim = self.world.enter("kim")
        self.lee = self.world.enter("lee")

    def away(self) -> object:
        return self.world.chat.users["kim"].away

    def again(self) -> Client:
        return self.world.enter("kim")

    def test_a_connection_where_nobody_sits(self) -> None:
        """Whoever sits at another of theirs is not away."""
        other = self.again()
        other.say("/away *")
        self.assertIsNone(self.away())
        self.kim.say("/away *")
        self.assertEqual(self.away(), "*")
        other.say("/away")
        self.assertIsNone(self.away())
        other.drop()
        self.assertEqual(self.away(), "*")
        self.again()
        self.assertIsNone(self.away())

    def test_a_text_says_more(self) -> None:
        """It is the person's, and stays."""
        other = self.again()
        self.kim.say("/away tea")
        other.say("/away *")
        self.assertEqual(self.away(), "tea")
        self.kim.drop()
        self.assertEqual(self.away(), "tea")
        other.say("/away")
        self.assertIsNone(self.away())

    def test_realname(self) -> None:
        """It is shown, and has a length."""
        self.assertEqual(self.kim.say("/realname Kim Example"), ["-- Your realname is Kim Example now."])
        self.assertIn("-- Called Kim Example.", self.lee.say("/whois kim"))
        self.assertTrue(self.kim.say("/realname " + "é" * 76)[0].startswith("!! A realname has"))
        self.assertEqual(self.world.chat.users["kim"].card.realname, "Kim Example")
