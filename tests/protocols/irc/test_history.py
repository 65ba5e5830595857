"""IRC: reading again what was said, marking it as read, taking it back."""

from __future__ import annotations

from chat_support import PASSWORD, START, World
from irc_support import IRCClient, Said, irc_connect, irc_enter
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import markers, orders
from twisted_chat.protocols.irc import history
from twisted_chat.protocols.irc.history import parse_time, write_time

CAPS = ["batch", "server-time", "message-tags", "draft/chathistory", "echo-message"]
MARKING = [*CAPS, "draft/read-marker"]
EVERYTHING = [*CAPS, "draft/event-playback", "draft/message-redaction"]


def time(seconds: float) -> str:
    """So long after the beginning of the test, as a parameter."""
    return "timestamp=" + write_time(round((START + seconds) * 1000))


class HistoryCase(SynchronousTestCase):
    """Kim and bob have accounts, ann has none."""

    caps = CAPS

    def setUp(self) -> None:
        self.world = World()
        self.world.account("kim")
        self.world.account("Bob")
        self.kim = irc_enter(self.world, "kim", "#room", caps=self.caps)
        self.bob = irc_enter(self.world, "Bob", "#room", caps=CAPS)

    def say(self, *texts: str, where: str = "#room", client: IRCClient | None = None) -> list[str]:
        """Say something, one a second. @return: the ids."""
        ids = []
        self.world.all_read()
        for text in texts:
            (echo,) = (client or self.bob).ask(f"PRIVMSG {where} :{text}")
            ids.append(echo.tags["msgid"])
            self.world.clock.advance(1)
        self.world.all_read()
        return ids

    def batch(self, said: list[Said], kind: str = "chathistory") -> list[Said]:
        """What is in the one batch that this is."""
        self.assertEqual((said[0].command, said[0].params[1]), ("BATCH", kind), said)
        name = said[0].params[0].removeprefix("+")
        self.assertEqual((said[-1].command, said[-1].params), ("BATCH", ["-" + name]))
        self.assertEqual({line.tags.get("batch") for line in said[1:-1]} - {name}, set())
        return said[1:-1]

    def texts(self, words: str, client: IRCClient | None = None) -> list[str]:
        """The texts that a CHATHISTORY finds."""
        said = (client or self.kim).ask("CHATHISTORY " + words)
        return [line.text for line in self.batch(said)]

    def fail_of(self, line: str, client: IRCClient | None = None) -> list[str]:
        """With what a command fails, but for the sentence."""
        (said,) = (client or self.kim).ask(line)
        self.assertEqual(said.command, "FAIL", said)
        return said.params[:-1]


class RoomTests(HistoryCase):
    """The history of a room."""

    def test_latest(self) -> None:
        ids = self.say(*"abcdef")
        self.assertEqual(self.texts("LATEST #room * 9"), list("abcdef"))
        self.assertEqual(self.texts("LATEST #room * 2"), ["e", "f"])
        self.assertEqual(self.texts(f"LATEST #room msgid={ids[1]} 9"), list("cdef"))
        self.assertEqual(self.texts(f"LATEST #room msgid={ids[1]} 2"), ["e", "f"])
        self.assertEqual(self.texts(f"LATEST #room {time(1)} 9"), list("cdef"))
        self.assertEqual(self.texts(f"LATEST #room {time(1)} 2"), ["e", "f"])

    def test_before_and_after(self) -> None:
        ids = self.say(*"abcdef")
        self.assertEqual(self.texts(f"BEFORE #room msgid={ids[3]} 2"), ["b", "c"])
        self.assertEqual(self.texts(f"BEFORE #room {time(3)} 2"), ["b", "c"])
        self.assertEqual(self.texts(f"AFTER #room msgid={ids[1]} 2"), ["c", "d"])
        self.assertEqual(self.texts(f"AFTER #room {time(1)} 2"), ["c", "d"])

    def test_around(self) -> None:
        ids = self.say(*"abcdef")
        for place in (f"msgid={ids[2]}", time(2)):
            self.assertEqual(self.texts(f"AROUND #room {place} 1"), ["c"])
            self.assertEqual(self.texts(f"AROUND #room {place} 3"), ["b", "c", "d"])
            self.assertEqual(self.texts(f"AROUND #room {place} 9"), list("abcdef"))

    def test_between_goes_from_the_first_place_to_the_second(self) -> None:
        ids = self.say(*"abcdef")
        for first, last in ((f"msgid={ids[0]}", f"msgid={ids[5]}"), (time(0), time(5))):
            self.assertEqual(self.texts(f"BETWEEN #room {first} {last} 9"), list("bcde"))
            self.assertEqual(self.texts(f"BETWEEN #room {first} {last} 2"), ["b", "c"])
            self.assertEqual(self.texts(f"BETWEEN #room {last} {first} 9"), list("bcde"))
            self.assertEqual(self.texts(f"BETWEEN #room {last} {first} 2"), ["d", "e"])

    def test_each_is_as_it_was(self) -> None:
        (id,) = self.say("hello")
        (line,) = self.batch(self.kim.ask("CHATHISTORY LATEST #room * 9"))
        self.assertEqual((line.nick, line.command, line.params), ("Bob", "PRIVMSG", ["#room", "hello"]))
        self.assertEqual((line.tags["msgid"], line.tags["time"]), (id, "2026-11-22T10:00:00.000Z"))

    def test_nothing_is_an_empty_batch(self) -> None:
        self.assertEqual(self.texts("LATEST #room * 9"), [])
        self.assertEqual(self.texts("BEFORE #room msgid=1 9"), [])

    def test_a_label_is_on_the_batch(self) -> None:
        self.say("a")
        client = irc_enter(self.world, "ann", "#room", caps=[*CAPS, "labeled-response"])
        said = client.ask("@label=x CHATHISTORY LATEST #room * 9", "PING y")
        self.assertEqual([line.tags.get("label") for line in said], ["x", None, None, None])
        self.assertEqual([line.text for line in self.batch(said[:-1])], ["a"])

    def test_what_comes_later_is_delivered_after_it(self) -> None:
        self.say("a")
        self.world.store.hold_reads = True
        self.assertEqual(self.kim.ask("CHATHISTORY LATEST #room * 9"), [])
        self.say("b")
        self.world.store.release_reads()
        said = self.kim.heard()
        self.assertEqual([line.text for line in self.batch(said[:-1])], ["a"])
        self.assertEqual((said[-1].text, said[-1].tags.get("batch")), ("b", None))

    def test_no_more_than_the_most(self) -> None:
        self.patch(history, "MOST", 3)
        self.say(*"abcdef")
        self.assertEqual(self.texts("LATEST #room * 1000"), ["d", "e", "f"])

    def test_without_the_capability_messages_only(self) -> None:
        self.kim.ask("TOPIC #room :new", "MODE #room +m", "NOTICE #room :note")
        irc_enter(self.world, "ann", "#room").ask("PART #room")
        self.world.all_read()
        said = self.batch(self.kim.ask("CHATHISTORY LATEST #room * 9"))
        self.assertEqual([(line.command, line.text) for line in said], [("NOTICE", "note")])

    def test_only_where_one_may_read(self) -> None:
        ann = irc_enter(self.world, "ann", "#other", caps=CAPS)
        self.assertEqual(
            self.fail_of("CHATHISTORY LATEST #room * 9", ann), ["CHATHISTORY", "INVALID_TARGET", "LATEST", "#room"]
        )
        self.assertEqual(
            self.fail_of("CHATHISTORY LATEST #none * 9", ann), ["CHATHISTORY", "INVALID_TARGET", "LATEST", "#none"]
        )
        self.kim.ask("KICK #room Bob")
        self.bob.heard()
        self.assertEqual(self.fail_of("CHATHISTORY LATEST #room * 9", self.bob)[1], "INVALID_TARGET")

    def test_what_cannot_be_understood(self) -> None:
        for words, code in (
            ("", "INVALID_PARAMS"),
            ("NEWEST #room * 9", "INVALID_PARAMS"),
            ("LATEST #room *", "INVALID_PARAMS"),
            ("LATEST #room * 9 9", "INVALID_PARAMS"),
            ("LATEST #room * 0", "INVALID_PARAMS"),
            ("LATEST #room * -1", "INVALID_PARAMS"),
            ("LATEST #room * many", "INVALID_PARAMS"),
            ("BEFORE #room * 9", "INVALID_MSGREFTYPE"),
            ("BEFORE #room place=9 9", "INVALID_MSGREFTYPE"),
            ("BEFORE #room msgid=x 9", "INVALID_PARAMS"),
            (f"BEFORE #room msgid={'9' * 30} 9", "INVALID_PARAMS"),
            ("BEFORE #room timestamp=yesterday 9", "INVALID_PARAMS"),
            ("BETWEEN #room msgid=1 9", "INVALID_PARAMS"),
            (f"BETWEEN #room msgid=1 {time(0)} 9", "INVALID_PARAMS"),
            ("TARGETS msgid=1 msgid=2 9", "INVALID_PARAMS"),
        ):
            self.assertEqual(self.fail_of("CHATHISTORY " + words)[:2], ["CHATHISTORY", code], words)

    def test_times(self) -> None:
        self.assertEqual(parse_time("timestamp=1970-01-01T00:00:01.5Z"), 1500)
        self.assertEqual(parse_time("timestamp=2026-11-22T10:00:00Z"), int(START * 1000))
        self.assertEqual(write_time(1_500), "1970-01-01T00:00:01.500Z")
        for text in ("2026-11-22T10:00:00Z", "timestamp=2026-13-22T10:00:00Z", "timestamp=٢٠٢٦-11-22T10:00:00Z"):
            self.assertIsNone(parse_time(text), text)


class EventTests(HistoryCase):
    """Those who can take it are told what happened beside."""

    caps = EVERYTHING

    def test_what_happened(self) -> None:
        self.kim.ask("TOPIC #room :new")
        ann = irc_enter(self.world, "ann", "#room", caps=["message-tags"])
        ann.ask("NICK anna", "@+draft/reply=1;+draft/react=x TAGMSG #room", "PART #room :bye")
        self.kim.heard()
        said = self.batch(self.kim.ask("CHATHISTORY LATEST #room * 5"))
        self.assertEqual([line.command for line in said], ["TOPIC", "JOIN", "NICK", "TAGMSG", "PART"])
        self.assertEqual(said[3].tags["+draft/react"], "x")

    def test_what_was_taken_back_is_not_there_and_does_not_count(self) -> None:
        ids = self.say(*"abc")
        self.bob.ask(f"REDACT #room {ids[2]} :oops")
        self.kim.heard()
        said = self.batch(self.kim.ask("CHATHISTORY LATEST #room * 3"))
        self.assertEqual(
            [(line.command, line.text) for line in said], [("PRIVMSG", "a"), ("PRIVMSG", "b"), ("REDACT", "oops")]
        )


class DirectTests(HistoryCase):
    """What two people said to each other."""

    def exchange(self) -> list[str]:
        ids = self.say("1", where="Bob", client=self.kim)
        ids += self.say("2", where="kim")
        return ids + self.say("3", where="bob", client=self.kim)

    def test_both_read_the_same_also_by_another_case(self) -> None:
        ids = self.exchange()
        self.assertEqual(self.texts("LATEST Bob * 9"), ["1", "2", "3"])
        self.assertEqual(self.texts("LATEST BOB * 2"), ["2", "3"])
        self.assertEqual(self.texts("LATEST kim * 9", self.bob), ["1", "2", "3"])
        self.assertEqual(self.texts(f"AFTER bob msgid={ids[0]} 1"), ["2"])
        self.assertEqual(self.texts(f"BEFORE bob {time(2)} 9"), ["1", "2"])
        self.assertEqual(self.texts(f"AROUND bob {time(1)} 2"), ["1", "2"])
        self.assertEqual(self.texts(f"BETWEEN bob {time(2)} {time(0)} 9"), ["2"])

    def test_nobody_else_does(self) -> None:
        self.exchange()
        self.world.account("eve")
        eve = irc_enter(self.world, "eve", "#room", caps=CAPS)
        for name in ("bob", "kim", "eve", "nobody"):
            self.assertEqual(self.texts(f"LATEST {name} * 9", eve), [])
        self.assertEqual(self.fail_of("CHATHISTORY LATEST a!b * 9", eve)[1], "INVALID_TARGET")

    def test_of_account_and_guest_the_account_can_read_it(self) -> None:
        ann = irc_enter(self.world, "ann", "#room", caps=CAPS)
        self.say("to ann", where="ann", client=self.kim)
        self.say("to kim", where="kim", client=ann)
        self.assertEqual(self.texts("LATEST ann * 9"), ["to ann", "to kim"])
        self.assertEqual(self.texts("LATEST kim * 9", ann), [])

    def test_who_makes_an_account_does_not_read_what_others_said_under_its_name(self) -> None:
        ann = irc_enter(self.world, "ann", caps=CAPS)
        self.say("to ann", where="ann", client=self.kim)
        self.say("to kim", where="kim", client=ann)
        ann.send("QUIT")
        self.world.settle()
        other = irc_enter(self.world, "ann", caps=CAPS)
        other.ask(f"NickServ REGISTER {PASSWORD}")
        self.assertTrue(other.user.registered)
        self.world.clock.advance(1)
        for words in (
            "LATEST kim * 9",
            "AFTER kim msgid=0 9",
            f"AROUND kim {time(99)} 9",
            "BETWEEN kim msgid=99 msgid=0 9",
        ):
            self.assertEqual(self.texts(words, other), [], words)
        said = other.ask(f"CHATHISTORY TARGETS {time(-9)} {time(99)} 9")
        self.assertEqual(self.batch(said, "draft/chathistory-targets"), [])

    def test_the_guest_under_an_account_that_was_made_meanwhile_was_somebody_else(self) -> None:
        ann = irc_enter(self.world, "ann", caps=CAPS)
        self.world.account("ann")
        self.world.clock.advance(100)
        self.say("to kim", where="kim", client=ann)
        self.say("to ann", where="ann", client=self.kim)
        owner = irc_connect(self.world)
        owner.register("ann", *CAPS, password=PASSWORD)
        self.assertTrue(owner.user.registered)
        self.assertEqual(self.texts("LATEST kim * 9", owner), [])

    def test_targets_are_where_one_can_read(self) -> None:
        self.say("in the room")
        self.exchange()
        self.say("last")
        dan = irc_enter(self.world, "dan", caps=["draft/chathistory"])
        self.assertEqual(dan.ask(f"CHATHISTORY TARGETS {time(-9)} {time(99)} 9"), [])
        said = self.batch(self.kim.ask(f"CHATHISTORY TARGETS {time(-9)} {time(99)} 9"), "draft/chathistory-targets")
        self.assertEqual(
            [line.params for line in said],
            [
                ["TARGETS", "Bob", write_time(round(START * 1000) + 3000)],
                ["TARGETS", "#room", write_time(round(START * 1000) + 4000)],
            ],
        )
        for first, last, limit, found in (
            (-9, 99, 1, ["Bob"]),
            (99, -9, 1, ["#room"]),
            (3, 99, 9, ["#room"]),
            (-9, 4, 9, ["Bob"]),
        ):
            said = self.kim.ask(f"CHATHISTORY TARGETS {time(first)} {time(last)} {limit}")
            names = [line.params[1] for line in self.batch(said, "draft/chathistory-targets")]
            self.assertEqual(names, found, (first, last))

    def test_in_the_line_protocol(self) -> None:
        self.exchange()
        kim = self.world.connect()
        kim.say("kim", PASSWORD)
        expected = [
            "~ 2026-11-22 10:00:01 [Bob -> kim] 2",
            "~ 2026-11-22 10:00:02 [kim -> Bob] 3",
            "-- End of the history with bob, 2 lines.",
        ]
        self.assertEqual(kim.say("/history 2 with bob"), expected)
        guest = self.world.enter("guest")
        self.assertIn("kept for accounts", guest.say("/history with bob")[0])


class RedactTests(HistoryCase):
    """Taking back."""

    caps = EVERYTHING

    def test_ones_own_with_a_reason(self) -> None:
        ann = irc_enter(self.world, "ann", "#room", caps=EVERYTHING)
        self.world.clock.advance(1)
        (id,) = self.say("mine", client=ann)
        (said,) = ann.ask(f"REDACT #room {id} :oops")
        self.assertEqual((said.nick, said.params), ("ann", ["#room", id, "oops"]))
        self.assertEqual([line.params for line in self.kim.heard()], [["#room", id, "oops"]])
        self.assertEqual(self.bob.heard(), [])

    def test_not_what_somebody_said_who_had_the_name_before(self) -> None:
        ann = irc_enter(self.world, "ann", "#room", caps=EVERYTHING)
        (id,) = self.say("mine", client=ann)
        ann.ask("NICK anna")
        other = irc_enter(self.world, "ann", "#room", caps=EVERYTHING)
        self.assertEqual(self.fail_of(f"REDACT #room {id}", other), ["REDACT", "REDACT_FORBIDDEN", "#room", id])

    def test_others_as_an_op_only(self) -> None:
        (id,) = self.say("mine", client=self.kim)
        self.assertEqual(self.fail_of(f"REDACT #room {id}", self.bob), ["REDACT", "REDACT_FORBIDDEN", "#room", id])
        (id,) = self.say("his")
        (said,) = self.kim.ask(f"REDACT #room {id}")
        self.assertEqual(said.params, ["#room", id])

    def test_what_is_not_there(self) -> None:
        for id in ("99", "nothing", "9" * 40):
            self.assertEqual(self.fail_of(f"REDACT #room {id}")[:3], ["REDACT", "UNKNOWN_MSGID", "#room"])
            self.assertEqual(self.fail_of(f"REDACT Bob {id}")[:3], ["REDACT", "UNKNOWN_MSGID", "Bob"])
        self.assertEqual(self.fail_of("REDACT #none 1"), ["REDACT", "INVALID_TARGET", "#none"])
        self.assertEqual(self.fail_of("REDACT nobody 1"), ["REDACT", "INVALID_TARGET", "nobody"])

    def test_what_one_said_to_someone(self) -> None:
        self.bob.ask("CAP REQ draft/message-redaction")
        (id,) = self.say("psst", where="Bob", client=self.kim)
        (other,) = self.say("what?", where="kim")
        self.assertEqual(self.fail_of(f"REDACT Bob {other}")[1], "UNKNOWN_MSGID")
        (said,) = self.kim.ask(f"REDACT Bob {id} :wrong window")
        self.assertEqual(said.params, ["Bob", id, "wrong window"])
        self.assertEqual([line.params for line in self.bob.heard()], [["Bob", id, "wrong window"]])
        said = self.batch(self.kim.ask("CHATHISTORY LATEST Bob * 9"))
        self.assertEqual([line.params for line in said], [["kim", "what?"], ["Bob", id, "wrong window"]])

    def test_not_what_others_said_to_someone(self) -> None:
        (id,) = self.say("psst", where="Bob", client=self.kim)
        self.world.account("eve")
        eve = irc_enter(self.world, "eve", caps=EVERYTHING)
        for client in (eve, self.bob, irc_enter(self.world, "guest", caps=EVERYTHING)):
            self.assertEqual(self.fail_of(f"REDACT Bob {id}", client)[1], "UNKNOWN_MSGID")
        self.assertEqual(self.texts("LATEST Bob * 9"), ["psst"])

    def test_in_the_line_protocol(self) -> None:
        dan = self.world.enter("dan", "#room")
        (id,) = self.say("his")
        dan.read()
        self.kim.ask(f"REDACT #room {id} :spam spam")
        self.assertEqual(dan.say("/format json")[0], f"user [kim] deleted message {id} of [Bob] (spam spam)")
        (id,) = self.say("again")
        dan.read()
        self.kim.ask(f"REDACT #room {id} :spam spam")
        said = dan.objects()[0]
        self.assertEqual((said["type"], said["text"], said["reason"], said["to"]), ("delete", id, "spam spam", "Bob"))


class MarkerTests(HistoryCase):
    """Up to where one has read."""

    caps = MARKING

    def marker(self, line: str, client: IRCClient | None = None) -> list[str]:
        (said,) = (client or self.kim).ask(line)
        self.assertEqual(said.command, "MARKREAD")
        return said.params

    def test_it_is_remembered_and_only_grows(self) -> None:
        self.assertEqual(self.marker("MARKREAD #room"), ["#room", "*"])
        self.world.clock.advance(10)
        self.assertEqual(self.marker(f"MARKREAD #room {time(5)}"), ["#room", time(5)])
        self.assertEqual(self.marker(f"MARKREAD #room {time(3)}"), ["#room", time(5)])
        self.assertEqual(self.marker("MARKREAD #ROOM"), ["#ROOM", time(5)])
        self.assertEqual(self.marker(f"MARKREAD #room {time(3600)}"), ["#room", time(10)])
        self.assertEqual(self.marker("MARKREAD Bob"), ["Bob", "*"])

    def test_other_connections_are_told_and_other_people_are_not(self) -> None:
        other = irc_connect(self.world)
        self.assertIn(
            ["#room", "*"], [line.params for line in other.register("kim", "draft/read-marker", password=PASSWORD)]
        )
        plain = irc_connect(self.world)
        plain.register("kim", password=PASSWORD)
        self.marker(f"MARKREAD Bob {time(-5)}")
        self.assertEqual([line.params for line in other.heard()], [["Bob", time(-5)]])
        self.assertEqual((plain.heard(), self.bob.heard()), ([], []))

    def test_it_stands_before_the_end_of_the_names(self) -> None:
        self.marker(f"MARKREAD #room {time(-5)}")
        self.kim.ask("PART #room")
        said = [line.command for line in self.kim.ask("JOIN #room")]
        self.assertIn("MARKREAD", said[: said.index("366")])

    def test_it_outlasts_the_daemon_for_accounts(self) -> None:
        ann = irc_enter(self.world, "ann", "#room", caps=self.caps)
        self.marker(f"MARKREAD #room {time(-5)}")
        self.marker(f"MARKREAD #room {time(-5)}", ann)
        self.world = World(self.world.store)
        self.assertEqual(
            self.marker("MARKREAD #room", irc_enter(self.world, "kim", caps=self.caps)), ["#room", time(-5)]
        )
        self.assertEqual(self.marker("MARKREAD #room", irc_enter(self.world, "ann", caps=self.caps)), ["#room", "*"])

    def test_a_room_takes_them_along_to_its_new_name(self) -> None:
        ann = irc_enter(self.world, "ann", "#room", caps=self.caps)
        for client in (self.kim, ann):
            self.marker(f"MARKREAD #room {time(-5)}", client)
        self.world.store.full = True
        self.kim.ask("RENAME #room #other")
        self.world.store.full = False
        self.assertEqual(self.marker("MARKREAD #room"), ["#room", time(-5)])
        self.kim.ask("RENAME #room #other")
        self.world.all_read()
        for client in (self.kim, ann):
            self.assertEqual(self.marker("MARKREAD #other", client), ["#other", time(-5)])
            self.assertEqual(self.marker("MARKREAD #room", client), ["#room", "*"])
        self.assertEqual(World(self.world.store).chat.reads["kim"], {"#other": round(START - 5) * 1000})

    def test_they_are_forgotten_with_the_account(self) -> None:
        self.marker(f"MARKREAD #room {time(-5)}")
        orders.execute(self.world.chat, "1", {"do": "erase", "name": "kim"})
        self.world.settle()
        self.assertEqual((self.world.chat.reads, World(self.world.store).chat.reads), ({}, {}))

    def test_what_cannot_be_understood(self) -> None:
        self.assertEqual(self.fail_of("MARKREAD"), ["MARKREAD", "NEED_MORE_PARAMS"])
        self.assertEqual(self.fail_of("MARKREAD #room *")[:2], ["MARKREAD", "INVALID_PARAMS"])
        self.assertEqual(self.fail_of("MARKREAD #room timestamp=now")[:2], ["MARKREAD", "INVALID_PARAMS"])
        self.assertEqual(self.fail_of("MARKREAD a!b")[:2], ["MARKREAD", "INVALID_PARAMS"])

    def test_no_more_than_so_many(self) -> None:
        self.patch(markers, "MAX_MARKERS", 3)
        for n in range(5):
            self.marker(f"MARKREAD #room{n} {time(n - 10)}")
        kept = [self.marker(f"MARKREAD #room{n}")[1] for n in range(5)]
        self.assertEqual(kept, ["*", "*", time(-8), time(-7), time(-6)])
        self.assertEqual(len(World(self.world.store).chat.reads["kim"]), 3)

    def test_unread_in_the_line_protocol_counts_from_there(self) -> None:
        self.say("one", "two", "three")
        self.marker(f"MARKREAD #room {time(0)}")
        self.kim.send("QUIT")
        self.world.settle()
        kim = self.world.connect()
        said = kim.say("kim", PASSWORD)
        self.assertIn("-- New since you left: 2 in #room. /unread shows them.", said)
        self.assertEqual(
            [line.partition("[")[2] for line in kim.say("/unread") if "[" in line], ["Bob] two", "Bob] three"]
        )


class ArrivalTests(HistoryCase):
    """What those are shown who do not ask."""

    def join(self, *caps: str, name: str = "ann") -> list[Said]:
        """Come into the room. @return: what follows the names."""
        said = irc_enter(self.world, name, caps=caps).ask("JOIN #room")
        return said[[line.command for line in said].index("366") + 1 :]

    def test_the_last_lines_in_a_batch(self) -> None:
        self.say(*(str(n) for n in range(30)))
        said = self.batch(self.join("batch", "server-time"))
        self.assertEqual([line.text for line in said], [str(n) for n in range(10, 30)])
        self.assertEqual(said[-1].tags["time"], "2026-11-22T10:00:29.000Z")

    def test_with_their_times_without_batch(self) -> None:
        self.say("a")
        (line,) = self.join("server-time")
        self.assertEqual((line.command, line.text, set(line.tags)), ("PRIVMSG", "a", {"time"}))

    def test_as_notices_of_the_server_that_say_the_time(self) -> None:
        self.say("a")
        (line,) = self.join()
        self.assertEqual((line.source, line.command, line.tags), ("test.local", "NOTICE", {}))
        self.assertEqual(line.params, ["#room", "[2026-11-22 10:00:00] <Bob> a"])

    def test_nothing_for_those_who_ask_themselves_and_where_nothing_was_said(self) -> None:
        self.assertEqual(self.join("batch", "server-time"), [])
        self.say("a")
        self.assertEqual(self.join(*CAPS, name="asks"), [])

    def test_a_topic_that_was_is_not_shown_as_one_that_is(self) -> None:
        self.kim.ask("TOPIC #room :old")
        self.assertEqual(self.join("batch", "server-time"), [])

    def test_who_comes_back_is_shown_what_was_said_meanwhile(self) -> None:
        ann = irc_enter(self.world, "ann", "#room", caps=["batch", "server-time"])
        self.say("seen")
        ann.ask("PART #room")
        said = ann.ask("JOIN #room")
        self.assertNotIn("BATCH", [line.command for line in said])
        ann.ask("PART #room")
        self.say(*(str(n) for n in range(120)))
        said = ann.ask("JOIN #room")
        said = said[[line.command for line in said].index("366") + 1 :]
        self.assertEqual([line.text for line in self.batch(said)], [str(n) for n in range(20, 120)])

    def test_an_account_is_shown_what_it_missed_since_it_left(self) -> None:
        self.world.account("eve")
        eve = irc_enter(self.world, "eve", "#room")
        self.say("seen")
        eve.send("QUIT")
        self.world.settle()
        self.say("missed")
        self.assertEqual([line.text for line in self.batch(self.join("batch", name="eve"))], ["missed"])

    def test_direct_messages_that_came_meanwhile(self) -> None:
        self.world.account("eve")
        irc_enter(self.world, "eve").send("QUIT")
        self.world.settle()
        self.bob.ask("PRIVMSG eve :psst")
        eve = irc_connect(self.world)
        said = eve.register("eve", "server-time", "batch", password=PASSWORD)
        last = said[-1]
        self.assertEqual((last.nick, last.command, last.text), ("Bob", "PRIVMSG", "psst"))
        self.assertEqual(last.tags, {"time": "2026-11-22T10:00:00.000Z"})
        self.assertIn("422", [line.command for line in said[:-1]])
        eve.send("QUIT")
        self.world.settle()
        self.assertNotIn(
            "PRIVMSG", [line.command for line in irc_connect(self.world).register("eve", password=PASSWORD)]
        )

    def test_not_those_to_an_account_that_was_given_up(self) -> None:
        self.world.account("eve")
        self.bob.ask("PRIVMSG eve :psst")
        self.world.clock.advance(1)
        self.world.account("eve", created=START + 1)
        said = irc_connect(self.world).register("eve", password=PASSWORD)
        self.assertNotIn("PRIVMSG", [line.command for line in said])

    def test_direct_messages_without_server_time_say_it(self) -> None:
        self.world.account("eve")
        self.bob.ask("PRIVMSG eve :psst")
        said = irc_connect(self.world).register("eve", password=PASSWORD)
        self.assertEqual((said[-1].nick, said[-1].text), ("Bob", "[2026-11-22 10:00:00] psst"))

    def test_not_to_those_who_ask_themselves(self) -> None:
        self.world.account("eve")
        self.bob.ask("PRIVMSG eve :psst")
        eve = irc_connect(self.world)
        self.assertNotIn("PRIVMSG", [line.command for line in eve.register("eve", *CAPS, password=PASSWORD)])
        self.assertEqual(self.texts("LATEST bob * 9", eve), ["psst"])
