"""What people see of each other's addresses, and bans by it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from chat_support import Held, Trusting, World, WorldCase
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.chat import Chat
from twisted_chat.chat.cloaks import KEY_SIZE, LOCAL, cloak, is_cloak
from twisted_chat.chat.masks import parse_mask

KEY = bytes(range(KEY_SIZE))
OTHER = bytes(KEY_SIZE)
ADDRESSES = st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address)


class CloakTests(SynchronousTestCase):
    def test_it_is_the_same_as_long_as_the_key_is(self) -> None:
        self.assertRegex(cloak(KEY, "192.0.2.1"), r"^[a-z2-7]{4}\.[a-z2-7]{4}\.[a-z2-7]{6}\.ip$")
        # A key is kept for good, and so are bans: this must not change with a version.
        self.assertEqual(cloak(KEY, "192.0.2.1"), "4x35.du3r.a4tt65.ip")
        self.assertEqual(cloak(KEY, "2001:db8::1"), "ufrh.ku55.onmigg.ip")
        self.assertNotEqual(cloak(KEY, "192.0.2.1"), cloak(OTHER, "192.0.2.1"))

    def test_its_last_parts_are_the_networks(self) -> None:
        one, same24, same16, other = (
            cloak(KEY, address).split(".") for address in ("192.0.2.1", "192.0.2.2", "192.0.3.1", "192.1.2.1")
        )
        self.assertEqual(one[1:], same24[1:])
        self.assertNotEqual(one[0], same24[0])
        self.assertEqual(one[2:], same16[2:])
        self.assertNotEqual(one[1], same16[1])
        self.assertNotEqual(one[2], other[2])

    def test_an_ipv6_address_is_its_64(self) -> None:
        self.assertEqual(cloak(KEY, "2001:db8::1"), cloak(KEY, "2001:db8::ffff:1"))
        one, two = cloak(KEY, "2001:db8::1").split("."), cloak(KEY, "2001:db8:0:1::1").split(".")
        self.assertNotEqual(one[0], two[0])
        self.assertEqual(one[1:], two[1:])

    def test_an_ipv4_address_is_one_however_it_comes(self) -> None:
        self.assertEqual(cloak(KEY, "192.0.2.1"), cloak(KEY, "::ffff:192.0.2.1"))

    def test_a_local_socket_has_none(self) -> None:
        self.assertEqual(cloak(KEY, ""), LOCAL)

    @given(ADDRESSES)
    def test_every_one_is_a_host_name_and_a_mask(self, address: object) -> None:
        made = cloak(KEY, str(address))
        self.assertNotIn(str(address), made)
        self.assertLessEqual(len(made), 63)
        self.assertTrue(is_cloak(made))
        self.assertEqual(parse_mask(made), made)
        self.assertEqual(parse_mask("*." + made.split(".", 1)[1]), "*." + made.split(".", 1)[1])

    def test_what_is_none(self) -> None:
        for mask in ("kim", "*.ip", ".ip", "*", "?.ip", "*?.ip", "192.0.2.1", "q3k7.m2xa.9zpd4t.ip2", "\u0251.ip"):
            self.assertFalse(is_cloak(mask), mask)


class BanTests(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        del self.world.chat.cloak
        self.world.chat.cloak_key = KEY
        self.kim = self.world.enter("kim", "#dev")
        self.bob = self.world.enter("bob", "#dev", host="203.0.113.7")

    def test_everyone_sees_the_cloak_and_those_who_ban_the_address_too(self) -> None:
        host = cloak(KEY, "203.0.113.7")
        self.assertEqual(self.bob.user.card.host, host)
        self.bob.say("/format json")
        self.bob.send("/whois kim")
        self.world.settle()
        (seen,) = self.bob.objects()
        self.assertEqual(seen["host"], cloak(KEY, "192.0.2.1"))
        self.assertNotIn("addresses", seen)
        self.assertNotIn("192.0.2.1", str(seen))
        self.assertIn(f"-- Seen as coming from {host}.", self.kim.say("/whois bob"))
        self.assertIn("-- Connected from 203.0.113.7.", self.kim.say("/whois bob"))

    def test_a_ban_of_a_cloak_puts_out_and_keeps_out(self) -> None:
        self.kim.say(f"/ban {self.bob.user.card.host}")
        self.assertIn("!! You are banned from #dev.", self.bob.say("/join #dev"))
        again = self.world.enter("bob2", host="203.0.113.7")
        self.assertIn("!! You are banned from #dev.", again.say("/join #dev"))
        near = self.world.enter("eve", host="203.0.113.8")
        self.assertNotIn("!! You are banned from #dev.", near.say("/join #dev"))

    def test_so_does_one_of_a_part_of_the_network(self) -> None:
        self.kim.say("/ban *." + self.bob.user.card.host.split(".", 1)[1])
        near = self.world.enter("eve", host="203.0.113.8")
        self.assertIn("!! You are banned from #dev.", near.say("/join #dev"))
        far = self.world.enter("ann", host="203.0.114.7")
        self.assertNotIn("!! You are banned from #dev.", far.say("/join #dev"))

    def test_a_mute_of_one_holds_too(self) -> None:
        self.kim.say(f"/mute {self.bob.user.card.host}")
        self.assertIn("!! You are muted in #dev.", self.bob.say("/join #dev", "hello"))

    def test_a_ban_from_the_server_too(self) -> None:
        self.world.account("ada", admin=True)
        admin = self.world.enter("ada")
        admin.say(f"/gban {self.bob.user.card.host}")
        self.assertTrue(self.bob.wire.disconnecting)
        self.bob.drop()
        again = self.world.connect("203.0.113.7")
        again.send("bob")
        self.world.settle()
        self.assertIn("!! You are banned from this server.", again.read()[-2])


class KeyTests(SynchronousTestCase):
    def test_it_is_made_once_and_kept(self) -> None:
        store = Held()
        keys = []
        for _ in range(2):
            world = World(store)
            del world.chat.cloak
            world.chat.begin()
            world.settle()
            keys.append(world.chat.cloak_key)
            world.passwords.random = lambda size: b"another one"  # type: ignore[method-assign]
        self.assertEqual(keys, [Trusting().random(KEY_SIZE)] * 2)
        self.assertEqual(len([kind for kind, _, _ in store.records() if kind == "secret"]), 1)

    def test_the_secret_of_scram_is_another(self) -> None:
        chat = World().chat
        records = [("secret", "cloak", {"cloak": "ab" * 32}), ("secret", "scram", {"scram": "cd" * 32})]
        chat.restore([], records)
        self.assertEqual((chat.cloak_key[0], chat.scram_secret[0]), (0xAB, 0xCD))
        self.assertIsInstance(chat, Chat)
