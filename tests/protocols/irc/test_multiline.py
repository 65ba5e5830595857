"""Messages of several lines: IRCv3 multiline."""

from __future__ import annotations

from chat_support import WorldCase
from irc_support import Said, irc_enter

CAPS = ("batch", "message-tags", "server-time", "echo-message", "labeled-response", "draft/multiline")
OPEN, CLOSE = "BATCH +1 draft/multiline #lobby", "BATCH -1"


class MultilineTests(WorldCase):
    """kim and zoe have multiline, bob has not, eve has netcat, and joe JSON."""

    def setUp(self) -> None:
        super().setUp()
        self.eve, self.joe = self.world.enter("eve"), self.world.enter("joe")
        self.joe.say("/format json")
        self.kim = irc_enter(self.world, "kim", "#lobby", caps=CAPS)
        self.zoe = irc_enter(self.world, "zoe", "#lobby", caps=CAPS)
        self.bob = irc_enter(self.world, "bob", "#lobby", caps=["message-tags"])
        self.world.all_read()

    def send(self, *lines: str, tags: str = "", target: str = "#lobby") -> list[Said]:
        """Kim sends a batch. @param lines: what follows C{PRIVMSG}, after C{+} if it goes on."""
        tag = ";draft/multiline-concat"
        marked = [(tag if line.startswith("+") else "", line.removeprefix("+")) for line in lines]
        inner = [f"@batch=1{tag} PRIVMSG {target} :{line}" for tag, line in marked]
        return self.kim.ask(f"{tags}BATCH +1 draft/multiline {target}", *inner, CLOSE)

    def fails(self, said: list[Said], *params: str) -> None:
        self.assertEqual([(s.command, s.params[:-1]) for s in said], [("FAIL", ["BATCH", *params])])
        self.assertEqual(self.eve.read(), [])

    def check_batch(self, said: list[Said], *lines: str) -> Said:
        start, *inner, end = said
        self.assertEqual((start.command, start.params[1:]), ("BATCH", ["draft/multiline", "#lobby"]))
        name = start.params[0].removeprefix("+")
        self.assertEqual((end.command, end.params), ("BATCH", ["-" + name]))
        self.assertEqual([("+" if "draft/multiline-concat" in s.tags else "") + s.text for s in inner], list(lines))
        self.assertEqual({s.tags["batch"] for s in inner}, {name})
        self.assertFalse(any("msgid" in s.tags for s in inner))
        return start

    def test_everybody(self) -> None:
        """One message: in its lines, with their formatting, to those who can; as lines to others."""
        lines = ("one", "", "\x02two\x02 ", "+and more")
        echo = self.check_batch(self.send(*lines, tags="@label=x;+a=b "), *lines)
        heard = self.check_batch(self.zoe.heard(), *lines)
        self.assertEqual(echo.tags.pop("label"), "x")
        self.assertEqual(echo.tags, heard.tags)
        self.assertEqual(heard.tags["+a"], "b")
        said = self.bob.heard()
        self.assertEqual([s.text for s in said], ["one", "\x02two\x02 ", "and more"])
        self.assertEqual([s.tags.get("msgid") for s in said], [heard.tags["msgid"], None, None])
        self.assertEqual(self.eve.read(), ["[kim] one", "[kim] two and more"])
        self.assertEqual(self.joe.objects()[0]["text"], "one\n\ntwo and more")
        self.assertEqual(self.world.store.log[-1].text, "one\n\ntwo and more")

    def test_nobody_is_forged(self) -> None:
        """A line of a message cannot pass for somebody else's, now or in replay."""
        self.send("hello", "[bob] I quit", "~ 2026-11-22 10:00:00 [bob] I quit")
        self.assertEqual(self.eve.read()[1], "[kim] [bob] I quit")
        for line in self.eve.say("/history 1")[:-1]:
            self.assertTrue(line.startswith("~ 2026-11-22 10:00:00 [kim] "), line)
        self.bob.heard()
        for said in self.bob.ask("HISTORY 1"):
            if "I quit" in said.text:
                self.assertRegex(said.text, r"^(\[2026-11-22 10:00:00\] <kim> |End)")

    def test_found_again(self) -> None:
        """Search finds words of any line."""
        self.send("apples", "pears")
        self.eve.read()
        self.assertEqual(len(self.eve.say("/search apples pears")), 3)

    def test_long_text(self) -> None:
        """A long line of the line protocol is a batch, too, which together is the text."""
        words = " ".join(f"word{n}" for n in range(200))
        self.eve.say(words)
        said = self.zoe.heard()
        self.assertEqual("".join(s.text for s in said[1:-1]), words)
        self.check_batch(said, *(("+" if i else "") + s.text for i, s in enumerate(said[1:-1])))

    def test_action_and_notice(self) -> None:
        """An action may have several lines, and a notice."""
        self.send("\x01ACTION waves", "and smiles\x01")
        self.assertEqual([s.text for s in self.bob.heard()], ["\x01ACTION waves\x01", "\x01ACTION and smiles\x01"])
        self.kim.ask(OPEN, "@batch=1 NOTICE #lobby :a", "@batch=1 NOTICE #lobby :b", CLOSE)
        self.assertEqual([(s.command, s.text) for s in self.bob.heard()], [("NOTICE", "a"), ("NOTICE", "b")])
        self.assertEqual(self.eve.read(), ["* kim waves", "* kim and smiles", "-kim- a", "-kim- b"])

    def test_to_one(self) -> None:
        """To one person it is the same."""
        self.send("a", "b", target="bob")
        self.assertEqual([s.params for s in self.bob.heard()], [["bob", "a"], ["bob", "b"]])
        self.assertEqual([s.params[1:-1] for s in self.send("a", target="nobody")], [["nobody"]])

    def test_deleted(self) -> None:
        """Of a deleted message no line is shown."""
        self.send("a", "b")
        self.world.store.log[-1].text = ""
        self.assertEqual(self.zoe.session.dialect.here.replay(self.world.store.log[-1]), b"")

    def test_limits(self) -> None:
        """Too many lines, or bytes."""
        self.assertEqual(len(self.send(*["x"] * 32)), 34)
        self.eve.read()
        self.fails(self.send(*["x"] * 33), "MULTILINE_MAX_LINES", "32")
        self.assertEqual(len(self.send(*["x" * 408] * 10)), 12)
        self.eve.read()
        self.fails(self.send(*["x" * 408] * 10, "x" * 7), "MULTILINE_MAX_BYTES", "4096")

    def test_invalid(self) -> None:
        """Each mistake is told once, whatever follows of that batch."""
        self.fails(self.send(), "MULTILINE_INVALID")
        self.fails(self.send("", "\x02", ""), "MULTILINE_INVALID")
        self.fails(self.send("a", "+"), "MULTILINE_INVALID")
        self.fails(self.send("+a"), "MULTILINE_INVALID")
        self.fails(
            self.kim.ask(OPEN, "@batch=1 NOTICE #lobby a", "@batch=1 PRIVMSG #lobby a", CLOSE), "MULTILINE_INVALID"
        )
        self.fails(self.kim.ask(OPEN, "@batch=1 JOIN #a", "@batch=1 PRIVMSG #lobby a", CLOSE), "MULTILINE_INVALID")
        self.fails(self.kim.ask(OPEN, "@batch=2 PRIVMSG #lobby a", CLOSE), "MULTILINE_INVALID")
        self.fails(self.kim.ask("BATCH -2"), "MULTILINE_INVALID")
        self.fails(self.kim.ask("@batch=3 PRIVMSG #lobby a", "@batch=3 PRIVMSG #lobby b"), "MULTILINE_INVALID")
        wrong = self.kim.ask(OPEN, "@batch=1 PRIVMSG #a a", CLOSE)
        self.fails(wrong, "MULTILINE_INVALID_TARGET", "#lobby", "#a")
        self.fails(self.kim.ask("BATCH +! draft/multiline #lobby", "BATCH -!"), "INVALID_REFTAG", "!")
        self.fails(self.kim.ask("BATCH +1 netsplit #lobby", CLOSE), "UNKNOWN_TYPE", "1", "netsplit")
        self.fails(self.bob.ask("BATCH +1 draft/multiline #lobby", CLOSE), "UNKNOWN_TYPE", "1", "draft/multiline")
        self.assertEqual(self.zoe.heard(), [])

    def test_label(self) -> None:
        """What is wrong with a batch has its label."""
        said = self.kim.ask("@label=z " + OPEN, "@batch=1 PRIVMSG #a :a", CLOSE)
        self.assertEqual([s.tags.get("label") for s in said], ["z"])
        self.kim.ask("CAP REQ :-echo-message")
        self.assertEqual([(s.command, s.tags["label"]) for s in self.send("a", "b", tags="@label=z ")], [("ACK", "z")])

    def test_other_lines_between(self) -> None:
        """What is not of the batch is done at once."""
        said = self.kim.ask(OPEN, "@batch=1 PRIVMSG #lobby :a", "PING x", "PRIVMSG #lobby :between", CLOSE)
        self.assertEqual([s.text for s in said], ["x", "between", "a"])
