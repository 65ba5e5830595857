"""Lines to parts, and parts to lines."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from irc_support import read_line
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.protocols.irc.message import cut, escape, parse, parse_tags, pieces, plain, write_tags

TEXT = st.text(st.characters(codec="utf-8"))
# What may be in a value before it is escaped: all but NUL.
VALUES = st.text(st.sampled_from("; \\\r\n:=,@") | st.characters(codec="utf-8", exclude_characters="\0"))
NAMES = st.from_regex(r"\+?([a-z]+\.[a-z]+/)?[A-Za-z0-9-]+", fullmatch=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1).filter(lambda w: w[0] != ":")
LASTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"))


class ParseTests(SynchronousTestCase):
    """Lines of clients."""

    def check(self, line: str, command: str, *params: str) -> None:
        message = parse(line)
        assert message is not None
        self.assertEqual((message.command, message.params), (command, list(params)))

    def test_parameters(self) -> None:
        """Blanks separate them; the last may have some."""
        self.check("JOIN #a,#b", "JOIN", "#a,#b")
        self.check("privmsg  #a   hi", "PRIVMSG", "#a", "hi")
        self.check("PRIVMSG #a :hi  there :-)", "PRIVMSG", "#a", "hi  there :-)")
        self.check("PRIVMSG #a :", "PRIVMSG", "#a", "")
        self.check("PRIVMSG #a ::)", "PRIVMSG", "#a", ":)")
        self.check("TOPIC #a b:c", "TOPIC", "#a", "b:c")
        self.check("AWAY :", "AWAY", "")
        self.check("PING a ", "PING", "a")

    def test_source(self) -> None:
        """It is ignored: a client is who it is."""
        self.check(":bob!x@y PRIVMSG kim :hi", "PRIVMSG", "kim", "hi")
        self.check("@a=b :bob PRIVMSG kim", "PRIVMSG", "kim")

    def test_nothing(self) -> None:
        """Lines without a command are none."""
        for line in ("", " ", "@a", "@a ", ":bob", ":bob ", "@a :bob", " :x"):
            self.assertIsNone(parse(line), line)

    @given(WORDS, st.lists(WORDS, max_size=14), LASTS)
    def test_round_trip(self, command: str, params: list[str], last: str) -> None:
        """What is written is read again."""
        if command[0] == "@":
            return
        message = parse(" ".join([command, *params, ":" + last]))
        assert message is not None
        self.assertEqual((message.command, message.params), (command.upper(), [*params, last]))

    @example("0\r: 0")
    @example("NICK a\xa0b")
    @given(TEXT)
    def test_anything(self, line: str) -> None:
        """Whatever comes, nothing breaks, and no parameter but the last has a blank or begins with a colon."""
        message = parse(line)
        if message is not None:
            self.assertTrue(message.command)
            for param in message.params[:-1]:
                self.assertTrue(param and " " not in param and param[0] != ":", line)


class TagTests(SynchronousTestCase):
    """IRCv3 message-tags."""

    def test_escapes(self) -> None:
        """Those of the specification; what escapes nothing is dropped."""
        self.assertEqual(escape("a;b c\\d\re\nf"), "a\\:b\\sc\\\\d\\re\\nf")
        self.assertEqual(
            parse_tags("a=\\:\\s\\\\\\r\\n;b=x\\bz\\;c=;d"), {"a": "; \\\r\n", "b": "xbz", "c": "", "d": ""}
        )

    def test_last_counts(self) -> None:
        """A tag that comes twice has its last value."""
        self.assertEqual(parse_tags("a=1;b=2;a=3;;=4"), {"a": "3", "b": "2"})

    @given(st.dictionaries(NAMES, VALUES))
    def test_round_trip(self, tags: dict[str, str]) -> None:
        """What is written is read again, by us and by others; nothing of it ends the tags."""
        raw = write_tags(tags)
        self.assertEqual(parse_tags(raw), tags)
        self.assertFalse(set(raw) & set(" \r\n\0"))
        if tags:
            self.assertEqual(read_line(f"@{raw} PING").tags, tags)
            message = parse(f"@{raw} PING :a")
            assert message is not None
            self.assertEqual(message.tags, tags)

    @given(st.text(st.characters(codec="utf-8", exclude_characters=" ")))
    def test_anything(self, raw: str) -> None:
        """Whatever a client writes as tags, they can be passed on."""
        tags = parse_tags(raw)
        self.assertEqual(parse_tags(write_tags(tags)), tags)


class TextTests(SynchronousTestCase):
    """Fitting texts into lines."""

    def test_plain(self) -> None:
        """Formatting codes go, with their numbers."""
        self.assertEqual(
            plain("\x02bold\x0f \x0304,12red\x03 \x04ff0000rgb \x1ditalic\x1d 12"), "bold red rgb italic 12"
        )
        self.assertEqual(plain("\x033three"), "three")

    @given(TEXT, st.integers(0, 100))
    def test_cut(self, text: str, size: int) -> None:
        """A text is cut between characters."""
        part = cut(text, size)
        self.assertTrue(text.startswith(part))
        self.assertTrue(size - 4 < len(part.encode()) <= size or part == text)

    @given(st.text(st.characters(codec="utf-8") | st.sampled_from("  \n")), st.integers(4, 60))
    def test_pieces(self, text: str, size: int) -> None:
        """The parts of a text fit, hold no line break, and have all of it but blanks."""
        parts = list(pieces(text, size))
        self.assertTrue(parts)
        for part in parts:
            self.assertLessEqual(len(part.encode()), size)
            self.assertNotIn("\n", part)
        bare = text.replace("\n", "").replace(" ", "")
        self.assertEqual("".join(parts).replace(" ", ""), bare)

    def test_between_words(self) -> None:
        """Parts end between words, where there are any."""
        self.assertEqual(list(pieces("one two three", 9)), ["one two", "three"])
        self.assertEqual(list(pieces("onetwothree", 4)), ["onet", "woth", "ree"])
