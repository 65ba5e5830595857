"""PRIVMSG, NOTICE and TAGMSG."""

from __future__ import annotations

from chat_support import WorldCase
from irc_support import IRCClient, Said, irc_enter

from twisted_chat.chat.events import Kind, Passing

TAGS = ("message-tags", "server-time", "batch")


class TalkCase(WorldCase):
    """kim is on IRC, with all tags and her own echo; bob is on IRC and has asked for nothing; eve has netcat."""

    def setUp(self) -> None:
        super().setUp()
        self.eve = self.world.enter("eve")
        self.kim = irc_enter(self.world, "kim", "#lobby", caps=(*TAGS, "echo-message"))
        self.bob = irc_enter(self.world, "bob", "#lobby")
        self.world.all_read()

    def numbers(self, client: IRCClient, *lines: str) -> list[str]:
        """What comes in answer, as numerics and their parameters but for our name and the text."""
        return [" ".join([said.command, *said.params[1:-1]]) for said in client.ask(*lines)]


def told(said: list[Said]) -> list[str]:
    """Who says what, without tags."""
    return [" ".join([line.nick, line.command, *line.params]) for line in said]


class RefusalTests(TalkCase):
    """What is not said, and what says so."""

    def test_numerics(self) -> None:
        """Each has its own; a notice has none."""
        for line, number in (
            ("", "411"),
            (" #lobby", "412"),
            (" #lobby :", "412"),
            (" #lobby :\x02\x0f", "412"),
            (" #lobby :\x01\x01", "412"),
            (" nobody :hello", "401 nobody"),
            (" bob!x@y :hello", "401 bob!x@y"),
            (" #nowhere :hello", "403 #nowhere"),
            (" #lobby,a,b,c,d :hello", "407 d"),
        ):
            self.assertEqual(self.numbers(self.bob, "PRIVMSG" + line), [number], line)
            self.assertEqual(self.bob.ask("NOTICE" + line), [], line)
        self.assertEqual(self.numbers(self.bob, "PRIVMSG #lobby :\x01ACTION\x01"), ["412"])
        self.assertEqual(self.eve.read(), [])
        self.assertEqual(self.kim.heard(), [])

    def test_as_received(self) -> None:
        """What would not fit into a line where it arrives is refused with 417; the longest that fits arrives whole."""
        head = len(":bob!~bob@chat PRIVMSG #lobby :\r\n")
        for text in ("x" * (512 - head), "ä" * ((512 - head) // 2)):
            self.assertEqual(self.bob.ask(f"PRIVMSG #lobby :{text}"), [])
            self.assertEqual([said.text for said in self.kim.heard()], [text])
            self.assertEqual(self.bob.numerics(f"PRIVMSG #lobby :{text}xx"), ["417"])
            self.assertEqual(self.bob.numerics(f"PRIVMSG #lobby,kim :{text}xx"), ["417"])
        self.assertEqual(self.kim.heard(), [])

    def test_not_inside(self) -> None:
        """404 from outside of a room, and where one may not speak."""
        self.kim.ask("JOIN #dev")
        self.assertEqual(self.numbers(self.bob, "PRIVMSG #dev :hello", "TAGMSG #dev"), ["404 #dev"])
        self.kim.ask("MODE #dev +m")
        self.bob.ask("JOIN #dev")
        self.assertEqual(self.numbers(self.bob, "PRIVMSG #dev :hello"), ["404 #dev"])
        self.assertEqual(self.numbers(self.bob, "PRIVMSG #dev :\x01VERSION\x01"), ["404 #dev"])
        self.assertEqual(self.bob.ask("NOTICE #dev :hello"), [])

    def test_one_of_several(self) -> None:
        """The others receive it; nobody twice."""
        self.assertEqual(self.numbers(self.bob, "PRIVMSG nobody,kim,#lobby,kim :hello"), ["401 nobody"])
        self.assertEqual(told(self.kim.heard()), ["bob PRIVMSG kim hello", "bob PRIVMSG #lobby hello"])

    def test_away(self) -> None:
        """301 to whoever writes to someone who is away, but not to a notice."""
        self.kim.ask("AWAY :lunch")
        self.assertEqual(self.numbers(self.bob, "PRIVMSG kim :hello"), ["301 kim"])
        self.assertEqual(self.bob.ask("NOTICE kim :hello"), [])

    def test_account_that_is_not_here(self) -> None:
        """What is said to it is kept, and the sender told so; a notice has no answer."""
        self.world.account("zoe")
        self.world.chat.restore((), self.world.store.records())
        said = self.bob.ask("PRIVMSG zoe :hello")
        self.assertEqual([line.command for line in said], ["NOTICE"])
        self.assertEqual(self.bob.ask("NOTICE zoe :hello"), [])
        self.assertEqual([event.stream for event in self.world.store.log[-2:]], ["@zoe", "@zoe"])


class DeliveryTests(TalkCase):
    """Who receives what."""

    def test_room(self) -> None:
        """All but the sender, who receives it with echo-message only."""
        self.assertEqual(self.bob.ask("PRIVMSG #lobby :hello"), [])
        self.assertEqual(told(self.kim.heard()), ["bob PRIVMSG #lobby hello"])
        self.assertEqual(told(self.kim.ask("PRIVMSG #lobby :hi", "NOTICE #lobby :done")), [
            "kim PRIVMSG #lobby hi", "kim NOTICE #lobby done",
        ])  # fmt: skip
        self.assertEqual(self.eve.read(), ["[bob] hello", "[kim] hi", "-kim- done"])

    def test_oneself(self) -> None:
        """As sent and as received with echo-message, else once."""
        self.assertEqual(told(self.bob.ask("PRIVMSG bob :note")), ["bob PRIVMSG bob note"])
        first, second = self.kim.ask("PRIVMSG kim :note")
        self.assertEqual(told([first, second]), ["kim PRIVMSG kim note"] * 2)
        self.assertEqual(first.tags["msgid"], second.tags["msgid"])

    def test_action(self) -> None:
        """CTCP ACTION is the chat's action, in rooms and to people, both ways."""
        self.bob.ask("PRIVMSG #lobby :\x01ACTION waves\x01", "PRIVMSG kim,eve :\x01ACTION nods")
        self.assertEqual(told(self.kim.heard()), [
            "bob PRIVMSG #lobby \x01ACTION waves\x01", "bob PRIVMSG kim \x01ACTION nods\x01",
        ])  # fmt: skip
        self.assertEqual(self.eve.read(), ["* bob waves", "[bob -> eve] * bob nods"])
        self.eve.say("/me smiles")
        self.assertEqual(told(self.kim.heard()), ["eve PRIVMSG #lobby \x01ACTION smiles\x01"])

    def test_programs(self) -> None:
        """Other CTCP is between IRC programs: passed on as it is, not shown on terminals, not kept."""
        kept = len(self.world.store.log)
        self.bob.ask("PRIVMSG kim,eve,#lobby :\x01VERSION\x01")
        self.assertEqual(
            told(self.kim.heard()), ["bob PRIVMSG kim \x01VERSION\x01", "bob PRIVMSG #lobby \x01VERSION\x01"]
        )
        self.kim.ask("NOTICE bob :\x01VERSION irc 1.0\x1b[2J\x01")
        self.assertEqual(told(self.bob.heard()), ["kim NOTICE bob \x01VERSION irc 1.0\ufffd[2J\x01"])
        self.assertEqual(self.eve.read(), [])
        self.assertEqual(len(self.world.store.log), kept)

    def test_formatting(self) -> None:
        """It reaches IRC clients, but neither terminals nor the log; what could harm is taken out all the same."""
        self.bob.ask("PRIVMSG #lobby :\x02bold\x0f and \x0304,12red\x03 \x1b[2J")
        self.assertEqual(self.kim.heard()[0].text, "\x02bold\x0f and \x0304,12red\x03 \ufffd[2J")
        self.assertEqual(self.eve.read(), ["[bob] bold and red \ufffd[2J"])
        self.assertEqual(self.world.store.log[-1].text, "bold and red \ufffd[2J")

    def test_long_text(self) -> None:
        """It comes in several lines between words; only the first has the id."""
        words = " ".join(f"word{n}" for n in range(300))
        self.eve.say(words)
        said = self.kim.heard()
        self.assertGreater(len(said), 3)
        self.assertEqual(" ".join(line.text for line in said), words)
        self.assertEqual([bool(line.tags.get("msgid")) for line in said], [True] + [False] * (len(said) - 1))
        self.assertEqual(len({line.tags["time"] for line in said}), 1)
        self.assertEqual(" ".join(line.text for line in self.bob.heard()), words)


class TagTests(TalkCase):
    """IRCv3 message-tags, reply, react and typing."""

    def test_client_tags(self) -> None:
        """Those of clients are passed on to who has asked for them, others not."""
        kai = irc_enter(self.world, "kai", "#lobby", caps=["message-tags"])
        kai.ask("@+a=1\\:\\s;b=2;+c PRIVMSG #lobby,kim :hello")
        for said in self.kim.heard():
            self.assertEqual({name: v for name, v in said.tags.items() if name[0] == "+"}, {"+a": "1; ", "+c": ""})
            self.assertNotIn("b", said.tags)
        self.assertEqual([said.tags for said in self.bob.heard()], [{}])
        self.bob.ask("@+a=1 PRIVMSG #lobby :hello")
        self.assertNotIn("+a", self.kim.heard()[0].tags)

    def test_harmful_tags(self) -> None:
        """What could do harm on a terminal is not passed on."""
        self.kim.ask("@+a=\x1b[2J;+b=\\n\\r;+c\x07;+d=\u202e PRIVMSG #lobby :hello")
        zed = irc_enter(self.world, "zed", "#lobby", caps=["message-tags"])
        self.kim.ask("@+a=\x1b[2J;+b=\\n\\r;+c\x07;+d=\u202e PRIVMSG #lobby :hello")
        self.assertEqual(set(zed.heard()[0].tags), {"+b", "msgid"})

    def test_names_of_tags(self) -> None:
        """What is none is left out: nothing else in it would be escaped."""
        for name in ("+a\tb", "+", "+/a", "+a/", "+a b".replace(" ", "\x0b"), "+a@b"):
            self.kim.bytes(f"@{name}=1;+draft/b.c=2;+x.org/d-e=3 PRIVMSG #lobby :hello\r\n".encode())
            self.world.settle()
            tags = self.kim.heard()[-1].tags
            self.assertEqual([tag for tag in tags if tag[0] == "+"], ["+x.org/d-e"], name)

    def test_too_many(self) -> None:
        """417, and nothing is said."""
        self.assertEqual(self.kim.numerics("@+a=" + "x" * 4092 + " PRIVMSG #lobby :hello"), ["417"])
        self.assertEqual(self.kim.numerics("@+a=" + "x" * 4091 + " PRIVMSG #lobby :hello"), ["PRIVMSG"])
        self.assertEqual(self.kim.numerics("PRIVMSG #lobby :" + "x" * 496), ["417"])
        self.assertEqual(len(self.bob.heard()), 1)

    def test_typing(self) -> None:
        """It passes, and is not kept; each has a name of its own."""
        kept = len(self.world.store.log)
        zed = irc_enter(self.world, "zed", caps=["message-tags"])
        first, second = self.kim.ask("@+typing=active TAGMSG #lobby", "@+typing=active TAGMSG zed")
        self.assertEqual((first.command, first.params, first.tags["+typing"]), ("TAGMSG", ["#lobby"], "active"))
        self.assertEqual((second.params, second.tags["msgid"]), (["zed"], zed.heard()[0].tags["msgid"]))
        self.assertNotEqual(first.tags["msgid"], second.tags["msgid"])
        self.assertEqual(self.bob.heard(), [])
        self.assertEqual(self.eve.read(), [])
        self.assertEqual(len(self.world.store.log), kept)

    def test_nothing_to_tell(self) -> None:
        """TAGMSG without tags of clients tells nothing."""
        self.assertEqual(self.kim.ask("TAGMSG #lobby", "@a=b TAGMSG #lobby"), [])
        self.assertEqual(
            self.numbers(self.kim, "@+a TAGMSG #nowhere", "@+a TAGMSG nobody"), ["403 #nowhere", "401 nobody"]
        )

    def test_answers(self) -> None:
        """An answer is one to everybody: kept with the id, whatever the tag is called."""
        self.eve.say("question")
        id = self.kim.heard()[0].tags["msgid"]
        self.kim.ask(f"@+draft/reply={id} PRIVMSG #lobby :one", f"@+reply={id};+x=y PRIVMSG #lobby :two")
        one, two = self.world.store.log[-2:]
        self.assertEqual((one.target, two.target, two.tags), (id, id, "+x=y"))
        self.eve.say(f"/reply {id} three")
        said = self.kim.heard()[-1]
        self.assertEqual((said.tags["+draft/reply"], said.tags["+reply"], said.text), (id, id, "three"))

    def test_answers_to_nothing(self) -> None:
        """What is no id is a tag like others, and not kept; a person is told."""
        for id in ("0", "01", "x", "-1", "9" * 18, "9" * 40, "\u0661"):
            said = self.kim.ask(f"@+draft/reply={id} PRIVMSG #lobby :hello")
            self.assertEqual((said[0].tags["+draft/reply"], self.world.store.log[-1].target), (id, ""))
            self.assertTrue(self.eve.say(f"/reply {id} hello")[-1].startswith("!! There is no such message"))

    def test_reactions(self) -> None:
        """A reaction is kept, shown to everyone, and can be taken back."""
        self.eve.say("question")
        id = self.kim.heard()[0].tags["msgid"]
        self.bob.heard()
        self.kim.ask(f"@+draft/reply={id};+draft/react=👍 TAGMSG #lobby")
        self.kim.ask(f"@+reply={id};+draft/unreact=👍 TAGMSG #lobby")
        self.assertEqual([event.kind for event in self.world.store.log[-2:]], [Kind.REACTION, Kind.UNREACTION])
        self.assertEqual(self.eve.read()[-2:], [f"* kim reacts to {id} with 👍", f"* kim takes back 👍 from {id}"])
        self.assertEqual(self.bob.heard(), [])
        self.eve.say(f"/react {id} +1", f"/unreact {id} +1")
        react, unreact = self.kim.heard()
        self.assertEqual((react.command, react.tags["+draft/react"], react.tags["+draft/reply"]), ("TAGMSG", "+1", id))
        self.assertEqual(unreact.tags["+draft/unreact"], "+1")
        self.assertNotIn("+draft/react", unreact.tags)

    def test_reactions_that_are_none(self) -> None:
        """To nothing, or with something too long: passed on, and not kept."""
        kept = len(self.world.store.log)
        for tags in ("+draft/react=x", "+draft/reply=x;+draft/react=x", "+reply=1;+draft/react=" + "x" * 65):
            self.assertEqual([said.command for said in self.kim.ask(f"@{tags} TAGMSG #lobby")], ["TAGMSG"])
        self.assertEqual(len(self.world.store.log), kept)
        self.eve.say("question")
        id = self.kim.heard()[-1].tags["msgid"]
        self.assertTrue(
            self.eve.say(f"/react {id} " + "x" * 65)[-1].startswith("!! The sign of a reaction has at most 64")
        )

    def test_shunned(self) -> None:
        """What someone who is shunned passes on comes back to them, and to nobody else."""
        self.world.chat.shunned["kim"] = "kim"
        self.assertEqual(len(self.kim.ask("@+typing=active TAGMSG #lobby", "PRIVMSG bob :\x01PING 1\x01")), 2)
        self.assertEqual(self.bob.heard(), [])

    def test_not_kept_by_type(self) -> None:
        """What passes is never taken for what is kept."""
        self.assertNotIn(Passing, {type(event) for event in self.world.store.log})
