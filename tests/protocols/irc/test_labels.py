"""IRCv3 labeled-response: which lines are the answer to a command, however late it comes."""

from __future__ import annotations

from chat_support import WorldCase
from irc_support import IRCClient, Said, irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.delivery import replay
from twisted_chat.protocols.irc.formats import IRCFormat

CAPS = ("batch", "labeled-response", "message-tags", "server-time")


class LabelTests(WorldCase):
    """Kim's program marks what it asks."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.world.enter("bob")
        self.kim = irc_enter(self.world, "kim", "#new", "#lobby", caps=CAPS)
        self.world.all_read()

    def tearDown(self) -> None:
        self.world.store.hold = self.world.store.hold_reads = False
        if self.world.store.waiting:
            self.world.store.release()
        super().tearDown()

    def check_batch(self, said: list[Said], label: str = "x") -> list[Said]:
        """That these lines are one labelled batch. @return: those in it."""
        start, *inner, end = said
        self.assertEqual((start.tags, start.command), ({"label": label}, "BATCH"))
        self.assertEqual(start.params, ["+answer", "labeled-response"])
        self.assertEqual((end.tags, end.command, end.params), ({}, "BATCH", ["-answer"]))
        return inner

    def summary(self, said: list[Said]) -> list[str]:
        """Each line's label, batch, command and text."""
        return [
            " ".join(
                filter(None, (s.tags.get("label"), s.tags.get("batch"), s.command, s.params[-1] if s.params else ""))
            )
            for s in said
        ]

    def test_one_line(self) -> None:
        """It has the label itself, whether answer or refusal."""
        self.assertEqual(self.summary(self.kim.ask("@label=x PING a")), ["x PONG a"])
        self.assertEqual(self.kim.ask("@label=y NOSUCH")[0].tags, {"label": "y"})
        self.assertEqual(self.kim.ask("@label=z PRIVMSG")[0].tags, {"label": "z"})

    def test_none(self) -> None:
        """A command without an answer is acknowledged."""
        self.assertEqual(self.summary(self.kim.ask("@label=x PRIVMSG #lobby :hello")), ["x ACK"])
        self.assertEqual(self.summary(self.kim.ask("@label=x NOTICE nobody :hello")), ["x ACK"])
        self.assertEqual(self.summary(self.kim.ask("@label=x PONG")), ["x ACK"])

    def test_several(self) -> None:
        """They are a batch."""
        inner = self.check_batch(self.kim.ask("@label=x JOIN #other"))
        self.assertEqual(inner[0].command, "JOIN")
        self.assertEqual({s.tags["batch"] for s in inner}, {"answer"})

    def test_without_batch(self) -> None:
        """Who cannot take batches is told with the first line."""
        self.kim.ask("CAP REQ :-batch")
        said = self.kim.ask("@label=x JOIN #other")
        self.assertEqual([s.tags.get("label") for s in said], ["x"] + [None] * (len(said) - 1))
        self.assertNotIn("BATCH", [s.command for s in said])

    def test_nothing_else(self) -> None:
        """What others do at the same time is not in it; nor is the same for them."""
        self.bob.send("before")
        self.kim.send("@label=x PING a")
        self.bob.send("after")
        self.world.settle()
        self.assertEqual(self.summary(self.kim.heard()), ["PRIVMSG before", "x PONG a", "PRIVMSG after"])

    def test_odd_labels(self) -> None:
        """None is none, and what is special in tags is escaped."""
        self.assertEqual(self.summary(self.kim.ask("@label PING a", "@label= PING b")), ["PONG a", "PONG b"])
        self.assertEqual(self.kim.ask("@label=a\\sb\\:\\n PING a")[0].tags["label"], "a b;\n")
        self.assertEqual(self.kim.ask(f"@label={'ä' * 60} PING a")[0].tags["label"], "ä" * 32)

    def test_not_asked_for(self) -> None:
        """Without the capability a label is a tag like others."""
        joe = irc_enter(self.world, "joe")
        self.assertEqual(joe.ask("@label=x PING a")[0].tags, {})

    def test_to_oneself(self) -> None:
        """What one says to oneself is received without the label; the echo has it."""
        self.assertEqual(self.summary(self.kim.ask("@label=x PRIVMSG kim :note")), ["PRIVMSG note", "x ACK"])
        self.kim.ask("CAP REQ :echo-message")
        for command in ("PRIVMSG kim :note", "NOTICE kim :note", "PRIVMSG kim :\x01PING 1\x01", "@+a TAGMSG kim"):
            said = self.kim.ask("@label=x" + (";" + command[1:] if command[0] == "@" else " " + command))
            self.assertEqual([s.tags.get("label") for s in said], [None, "x"], command)

    def test_a_label_in_a_tag(self) -> None:
        """What only looks like a batch is in none."""
        self.kim.ask("CAP REQ :echo-message")
        inner = self.check_batch(self.kim.ask("@label=x;+a=batch=1 PRIVMSG #lobby,bob :hello"))
        self.assertEqual([s.tags["batch"] for s in inner], ["answer", "answer"])

    def test_later(self) -> None:
        """An answer that comes when the log has been read has the label; what others do meanwhile does not wait."""
        self.kim.ask("CAP REQ :echo-message")
        self.bob.send("/join #new")
        self.kim.ask("PART #lobby")
        id = self.kim.ask("PRIVMSG #new :oops")[0].tags["msgid"]
        self.world.store.hold_reads = True
        self.assertEqual(self.kim.ask(f"@label=x PIN {id}", "@label=y PING a"), [])
        self.bob.say("meanwhile")
        self.assertEqual(self.summary(self.kim.heard()), ["PRIVMSG meanwhile"])
        self.bob.send("before")
        self.world.store.release_reads()
        self.bob.send("after")
        self.world.settle()
        said = self.summary(self.kim.heard())
        self.assertEqual((said[0], said[-2:]), ("PRIVMSG before", ["y PONG a", "PRIVMSG after"]))
        self.assertTrue(said[1].startswith("x "), said)

    def test_later_refused(self) -> None:
        """So does a refusal that comes later."""
        self.kim.send("@label=x REGISTER short")
        self.kim.send("@label=y REGISTER long-enough-1")
        self.kim.send("@label=z PING a")
        self.world.settle()
        said = self.kim.heard()
        labels = [s.tags.get("label") for s in said]
        self.assertEqual((labels[0], labels[-1]), ("x", "z"))
        self.assertIn("y", labels)

    def test_cannot_be_stored(self) -> None:
        """If the log cannot be written, that is the answer; later, too."""
        self.kim.ask("CAP REQ :echo-message")
        self.kim.ask("PART #lobby")
        id = self.kim.ask("PRIVMSG #new :oops")[0].tags["msgid"]
        self.world.store.full = True
        said = self.kim.ask("@label=x PRIVMSG #new :hello")
        self.assertEqual(([s.tags.get("label") for s in said], len(said)), (["x"], 1))
        said = self.kim.ask(f"@label=y PIN {id}", "@label=z PING a")
        self.assertEqual([s.tags.get("label") for s in said], ["y", "z"])
        self.world.store.full = False
        self.flushLoggedErrors()

    def history(self, client: IRCClient, limit: int) -> list[Said]:
        self.kim.send(f"@label=x HISTORY #lobby {limit}")
        self.bob.send("after")
        self.world.settle()
        return client.heard()

    def test_pages(self) -> None:
        """What is read from the log is in the answer, and what comes after is not."""
        for n in range(20):
            self.bob.say(f"line {n}")
        self.kim.heard()
        self.patch(replay, "PAGE", 7)
        said = self.history(self.kim, 18)
        self.assertEqual(said[-1].text, "after")
        inner = self.check_batch(said[:-1])
        self.assertEqual([s.text for s in inner if s.command == "PRIVMSG"], [f"line {n}" for n in range(2, 20)])
        self.assertTrue(all("batch" in s.tags for s in inner))

    def test_unreadable(self) -> None:
        """An answer that cannot be read is an answer."""
        self.world.store.unreadable = True
        said = self.history(self.kim, 18)
        self.assertEqual([s.tags.get("label") for s in said], ["x", None])
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_unreadable_in_the_middle(self) -> None:
        """An answer that can be read only in part is ended."""
        for n in range(20):
            self.bob.say(f"line {n}")
        self.kim.heard()
        self.patch(replay, "PAGE", 7)
        self.world.store.hold_reads = True
        said = self.kim.ask("@label=x HISTORY #lobby 18")
        while not said:
            self.world.store.release_reads()
            said = self.kim.heard()
        self.world.store.unreadable = True
        self.world.store.release_reads()
        self.world.settle()
        inner = self.check_batch(said + self.kim.heard())
        self.assertEqual(inner[-1].text, "The log cannot be read now.")
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_leaving(self) -> None:
        """The last words have the label, too."""
        said = self.kim.ask("@label=x QUIT :bye")
        self.assertEqual(self.summary(said)[0].split()[:2], ["x", "ERROR"])


class EncloseTests(SynchronousTestCase):
    """Marking lines."""

    def setUp(self) -> None:
        self.format = IRCFormat("chat.local", frozenset({"batch", "message-tags"}))

    def test_a_batch_is_marked_itself(self) -> None:
        """An answer that is one batch needs none around it."""
        said = b"@time=1 :chat.local BATCH +h chathistory #a\r\n@batch=h :b PRIVMSG #a :x\r\n:chat.local BATCH -h\r\n"
        self.assertEqual(self.format.enclose("x", said), said.replace(b"@time", b"@label=x;time"))

    def test_two_batches_are_put_into_one(self) -> None:
        """And keep their lines."""
        lines = b":chat.local BATCH +%b chathistory #a\r\n@batch=%b :b PRIVMSG #a :x\r\n:chat.local BATCH -%b\r\n"
        both = lines % (b"h", b"h", b"h") + lines % (b"i", b"i", b"i")
        self.assertEqual(self.format.enclose("x", both).count(b"@batch=answer "), 4)

    def test_what_people_say_is_no_batch(self) -> None:
        """Only the command counts."""
        said = b":b!a@c PRIVMSG #a :BATCH +h\r\n:b!a@c PRIVMSG #a :BATCH -h\r\n"
        self.assertTrue(self.format.enclose("x", said).startswith(b"@label=x :chat.local BATCH +answer"))
