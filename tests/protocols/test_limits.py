"""Limits as the command line says them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.addresses import Networks
from twisted_chat.daemon.options import Options
from twisted_chat.protocols.limits import Flood, Limits
from twisted_chat.protocols.webirc import Gateway, relayed


class LimitsTests(SynchronousTestCase):
    def of(self, *arguments: str) -> Limits:
        options = Options()
        options.parseOptions(list(arguments))
        return Limits.of(options)

    def refused(self, *arguments: str) -> str:
        return str(self.assertRaises(ValueError, self.of, *arguments))

    def test_the_defaults_of_the_command_line_are_those_of_the_class(self) -> None:
        self.assertEqual(self.of(), Limits())
        self.assertEqual(Limits.of({}), Limits())

    def test_every_limit_has_an_option(self) -> None:
        limits = self.of(
            "--max-connections", "1", "--max-per-address", "2", "--max-new", "3", "--login-timeout", "4",
            "--ping", "5", "--flood", "6/7.5", "--max-rooms", "8", "--send-queue", "9", "--trusted", "192.0.2.1",
            "--proxy-from", "198.51.100.0/24, ::1", "--webirc", "p@w@192.0.2.7",
        )  # fmt: skip
        proxies = Networks("198.51.100.0/24,::1")
        gateways = (Gateway("p@w", Networks("192.0.2.7")),)
        expected = Limits(1, 2, 3, 4, 5, Flood(6, 7.5), 8, 9, Networks("192.0.2.1"), proxies, gateways)
        self.assertEqual(limits, expected)

    def test_flood_control_can_be_off(self) -> None:
        self.assertIs(self.of("--flood", "off").flood, None)

    def test_what_makes_no_sense_is_refused_by_the_name_of_the_option(self) -> None:
        for option, value in (
            ("max-connections", "-1"), ("max-rooms", "0"), ("send-queue", "0"), ("login-timeout", "-5"),
            ("flood", "fast"), ("flood", "0/1"), ("flood", "1/0"), ("flood", "1/2/3"), ("trusted", "home"),
            ("proxy-from", "10.0.0.0/33"), ("webirc", "word"), ("webirc", "@1.2.3.4"), ("webirc", "word@"),
            ("webirc", ":x@::1"), ("webirc", "two words@::1"),
        ):  # fmt: skip
            why = self.refused(f"--{option}", value)
            self.assertTrue(why.startswith(f"--{option}: "), why)
            self.assertNotIn("\n", why)

    def test_a_password_is_in_no_message(self) -> None:
        self.assertNotIn("hunter2", self.refused("--webirc", "hunter2@nowhere"))
        self.assertNotIn("hunter2", repr(self.of("--webirc", "hunter2@192.0.2.1")))


class NetworksTests(SynchronousTestCase):
    def test_an_ipv4_address_is_the_same_on_a_socket_for_both(self) -> None:
        self.assertIn("::ffff:192.0.2.1", Networks("192.0.2.0/24"))
        self.assertNotIn("::ffff:192.0.3.1", Networks("192.0.2.0/24"))

    def test_a_zone_is_no_part_of_an_address(self) -> None:
        self.assertIn("fe80::1%eth0", Networks("fe80::/10"))

    def test_a_local_socket_is_in_no_list(self) -> None:
        self.assertNotIn("", Networks("0.0.0.0/0,::/0"))


class WebIRCTests(SynchronousTestCase):
    gateways = (Gateway.parse("secret@192.0.2.0/24"), Gateway.parse("other@198.51.100.1"))

    def test_a_gateway_is_believed(self) -> None:
        for address in ("203.0.113.9", "2001:db8::5"):
            said = ["secret", "web", "host.example", address, "secure"]
            self.assertEqual(relayed(self.gateways, "192.0.2.7", said), address)

    def test_nobody_else_is(self) -> None:
        said = ["secret", "web", "host.example", "203.0.113.9"]
        self.assertIs(relayed(self.gateways, "203.0.113.7", said), None)
        self.assertIs(relayed(self.gateways, "198.51.100.1", said), None)
        self.assertIs(relayed(self.gateways, "", said), None)
        self.assertIs(relayed(self.gateways, "192.0.2.7", ["wrong", *said[1:]]), None)
        self.assertIs(relayed(self.gateways, "192.0.2.7", ["", *said[1:]]), None)
        self.assertIs(relayed((), "192.0.2.7", said), None)

    def test_what_is_no_address_is_refused(self) -> None:
        for parameters in ([], ["secret"], ["secret", "web", "x"], ["secret", "web", "x", "somewhere"]):
            self.assertIs(relayed(self.gateways, "192.0.2.7", parameters), None)
