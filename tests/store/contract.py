"""What every form of the store promises, as tests. A form's own test case inherits them and says how it is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from twisted_chat.chat.events import AUDIT, DIRECT, Event, Kind, Move, Put, inbox, sent
from twisted_chat.store.interface import ERASED, Query, Store

LOBBY, DEV = "#lobby", "#dev"
TIME = 1_795_341_600_000


def said(text: str, room: str | None = LOBBY, kind: Kind = Kind.MESSAGE, actor: str = "kim", target: str = "") -> Event:
    """An event that is not in a log yet."""
    return Event(kind, TIME, room, actor, target, text)


def members(event: Event) -> tuple[Any, ...]:
    """All that an event is."""
    return (event.id, event.kind, event.time, event.room, event.actor, event.target, event.text)


class StoreContract:
    """To be mixed into a C{TestCase}."""

    def make(self) -> Store:
        """A store that is new and empty, not opened yet."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.fed: list[Sequence[Event]] = []
        self.store = self.make()
        self.store.feed = self.fed.append
        self.store.open()
        self.addCleanup(self.close)

    def close(self) -> Any:
        return _wait(self.store.close())

    async def keep(self, *texts: str, room: str = LOBBY) -> list[Event]:
        events = [said(text, room) for text in texts]
        await self.store.append(events)
        return events

    async def texts(self, *rooms: str, limit: int = 100, **more: Any) -> list[str]:
        return [event.text for event in await self.store.read(Query(rooms or (LOBBY,), limit, **more))]

    async def find(self, *words: str, rooms: Sequence[str] = (LOBBY,)) -> list[str]:
        return [event.text for event in await self.store.read(Query(rooms, 20, talk=True, words=words))]

    # Appending

    async def test_ids_are_given_in_the_order_of_the_log_from_1_without_gaps(self) -> None:
        first = await self.keep("a", "b")
        second = await self.keep("c")
        self.assertEqual([event.id for event in first + second], [1, 2, 3])

    async def test_the_list_appended_is_fed_as_it_is_before_the_append_is_done(self) -> None:
        events = [said("a"), said("b")]
        await self.store.append(events)
        self.assertIs(self.fed[0], events)
        self.assertEqual((len(self.fed), [event.id for event in events]), (1, [1, 2]))

    async def test_the_feed_has_what_was_committed_in_the_order_of_the_log(self) -> None:
        for text in "abc":
            await self.keep(text, text + "2")
        fed = [event for events in self.fed for event in events]
        self.assertEqual([event.id for event in fed], [1, 2, 3, 4, 5, 6])
        self.assertEqual([event.text for event in fed], ["a", "a2", "b", "b2", "c", "c2"])

    async def test_what_is_fed_can_be_read(self) -> None:
        read: list[Any] = []
        self.store.feed = lambda events: read.append(self.store.read(Query((LOBBY,), 9)))
        await self.keep("a")
        self.assertEqual([event.text for event in await read[0]], ["a"])

    async def test_events_are_read_as_they_were_written(self) -> None:
        events = [
            said('hello, Ωorld 👩‍💻 it\'s "quoted" %s'),
            said("waves", kind=Kind.ACTION, actor="Ünal"),
            said("", kind=Kind.JOIN),
            said("lunch", kind=Kind.LEAVE),
            said("", kind=Kind.RENAME, target="kimchi"),
            said("what breaks", kind=Kind.TOPIC),
            said("", kind=Kind.TOPIC),
        ]
        await self.store.append(events)
        read = await self.store.read(Query((LOBBY,), 100))
        self.assertEqual([members(event) for event in read], [members(event) for event in events])
        self.assertTrue(all(type(event.kind) is Kind for event in read))

    async def test_many_events_at_once_are_all_kept(self) -> None:
        for count in (63, 64, 65, 1000):
            await self.keep(*(f"{count}/{i}" for i in range(count)))
        self.assertEqual(len(await self.texts(limit=9999)), 1192)
        self.assertEqual((await self.texts(limit=1000))[::999], ["1000/0", "1000/999"])

    # Reading

    async def test_the_newest_are_read_in_the_order_of_the_log(self) -> None:
        await self.keep("a", "b", "c", "d")
        self.assertEqual(await self.texts(limit=2), ["c", "d"])
        self.assertEqual(await self.texts(limit=9), ["a", "b", "c", "d"])

    async def test_only_the_rooms_asked_for_are_read(self) -> None:
        await self.keep("a")
        await self.keep("b", room=DEV)
        await self.keep("c", room="#other")
        await self.keep("d")
        self.assertEqual(await self.texts(LOBBY), ["a", "d"])
        self.assertEqual(await self.texts(DEV, LOBBY), ["a", "b", "d"])
        self.assertEqual(await self.texts(DEV, LOBBY, limit=2), ["b", "d"])
        self.assertEqual(await self.texts("#none"), [])
        self.assertEqual(await self.store.read(Query((), 9)), [])

    async def test_direct_messages_are_in_no_room(self) -> None:
        await self.store.append([said("psst", None, Kind.DIRECT, target="bob"), said("loud")])
        self.assertEqual(await self.texts(LOBBY, DEV), ["loud"])
        self.assertEqual(await self.find("psst"), [])

    async def test_before_and_after_leave_out_their_own_id(self) -> None:
        await self.keep("1", "2", "3", "4", "5")
        self.assertEqual(await self.texts(before=4), ["1", "2", "3"])
        self.assertEqual(await self.texts(after=3), ["4", "5"])
        self.assertEqual(await self.texts(after=1, before=5), ["2", "3", "4"])
        self.assertEqual(await self.texts(after=5), [])
        self.assertEqual(await self.texts(before=1), [])

    async def test_the_limit_takes_the_newest_but_with_after_the_oldest(self) -> None:
        await self.keep("1", "2", "3", "4", "5")
        self.assertEqual(await self.texts(limit=2, before=5), ["3", "4"])
        self.assertEqual(await self.texts(limit=2, after=2), ["3", "4"])
        self.assertEqual(await self.texts(limit=2, after=1, before=5), ["2", "3"])
        self.assertEqual(await self.texts(limit=2, after=0), ["1", "2"])

    async def test_after_takes_the_oldest_of_several_rooms_together(self) -> None:
        for i in range(6):
            await self.keep(str(i), room=(LOBBY, DEV)[i % 2])
        self.assertEqual(await self.texts(LOBBY, DEV, limit=3, after=1), ["1", "2", "3"])
        self.assertEqual(await self.texts(LOBBY, DEV, limit=3), ["3", "4", "5"])

    async def test_talk_leaves_out_who_came_and_went(self) -> None:
        kinds = [Kind.JOIN, Kind.MESSAGE, Kind.RENAME, Kind.ACTION, Kind.TOPIC, Kind.LEAVE]
        await self.store.append([said(kind.name, kind=kind) for kind in kinds])
        self.assertEqual(await self.texts(talk=True), ["MESSAGE", "ACTION", "TOPIC"])
        self.assertEqual(await self.texts(talk=True, limit=1), ["TOPIC"])
        self.assertEqual(len(await self.texts()), 6)

    async def test_first_is_the_id_of_the_first_that_read_would_return(self) -> None:
        for i in range(6):
            await self.keep(f"word {i}", room=(LOBBY, DEV)[i % 2])
        for query in (
            Query((LOBBY,), 2),
            Query((LOBBY, DEV), 3),
            Query((DEV,), 99),
            Query((LOBBY,), 1, before=3),
            Query((LOBBY, DEV), 2, after=2),
            Query((LOBBY,), 2, talk=True),
            Query((LOBBY,), 2, words=("word",)),
        ):
            read = await self.store.read(query)
            self.assertEqual(await self.store.first(query), read[0].id, query)

    async def test_first_sees_words_just_written(self) -> None:
        await self.keep("a needle")
        self.assertEqual(await self.store.first(Query((LOBBY,), 2, words=("needle",))), 1)

    async def test_first_is_0_when_there_is_none(self) -> None:
        await self.keep("a")
        for query in (Query((DEV,), 2), Query((LOBBY,), 2, after=1), Query((LOBBY,), 2, words=("nothing",))):
            self.assertEqual(await self.store.first(query), 0)

    # Times

    async def keep_at(self, *times: int) -> None:
        """An event at each of these milliseconds, whose text is that number."""
        events = [said(str(time)) for time in times]
        for event, time in zip(events, times, strict=True):
            event.time = TIME + time
        await self.store.append(events)

    async def test_since_and_until_are_times(self) -> None:
        await self.keep_at(10, 20, 20, 30, 50)
        self.assertEqual(await self.texts(since=TIME + 20), ["20", "20", "30", "50"])
        self.assertEqual(await self.texts(since=TIME + 21), ["30", "50"])
        self.assertEqual(await self.texts(since=TIME + 51), [])
        self.assertEqual(await self.texts(since=0), ["10", "20", "20", "30", "50"])
        self.assertEqual(await self.texts(until=TIME + 20), ["10"])
        self.assertEqual(await self.texts(until=TIME + 21), ["10", "20", "20"])
        self.assertEqual(await self.texts(until=TIME + 99), ["10", "20", "20", "30", "50"])
        self.assertEqual(await self.texts(until=0), [])
        self.assertEqual(await self.texts(since=TIME + 15, until=TIME + 40), ["20", "20", "30"])
        self.assertEqual(await self.texts(since=TIME + 15, until=TIME + 40, after=2, before=4), ["20"])

    async def test_times_in_an_empty_log(self) -> None:
        self.assertEqual(await self.texts(since=TIME), [])
        self.assertEqual(await self.texts(until=TIME), [])

    async def test_times_in_a_log_of_any_length_whose_beginning_is_gone(self) -> None:
        for count in range(1, 18):
            await self.keep_at(*range(count * 100, count * 100 + count))
            await self.store.forget(TIME + count * 100, 999)
            for time in range(count * 100 - 1, count * 100 + count + 1):
                kept = [str(t) for t in range(count * 100, count * 100 + count)]
                self.assertEqual(await self.texts(since=TIME + time), [t for t in kept if int(t) >= time])
                self.assertEqual(await self.texts(until=TIME + time), [t for t in kept if int(t) < time])

    async def test_since_takes_the_oldest_but_newest_the_newest(self) -> None:
        await self.keep_at(1, 2, 3, 4, 5)
        self.assertEqual(await self.texts(limit=2, since=TIME + 2), ["2", "3"])
        self.assertEqual(await self.texts(limit=2, since=TIME + 2, newest=True), ["4", "5"])
        self.assertEqual(await self.texts(limit=2, after=1, newest=True), ["4", "5"])
        self.assertEqual(await self.texts(limit=2, after=1, before=5, newest=True), ["3", "4"])
        self.assertEqual(await self.texts(limit=2, until=TIME + 4), ["2", "3"])

    async def test_first_and_count_know_times_too(self) -> None:
        await self.keep_at(1, 2, 3, 4, 5)
        query = Query((LOBBY,), 3, since=TIME + 2, until=TIME + 5, newest=True)
        self.assertEqual((await self.store.first(query), await self.store.count(query)), (2, 3))

    # Kinds

    async def test_only_the_kinds_asked_for_and_nothing_that_is_deleted(self) -> None:
        kinds = [Kind.JOIN, Kind.MESSAGE, Kind.NOTICE, Kind.TOPIC, Kind.MESSAGE, Kind.LEAVE]
        await self.store.append([said(kind.name, kind=kind) for kind in kinds])
        await self.store.append([said("", kind=Kind.TOPIC), said("", kind=Kind.JOIN)])
        spoken = frozenset({Kind.MESSAGE, Kind.NOTICE})
        self.assertEqual(await self.texts(kinds=spoken), ["MESSAGE", "NOTICE", "MESSAGE"])
        self.assertEqual(await self.texts(kinds=spoken, limit=2), ["NOTICE", "MESSAGE"])
        self.assertEqual(await self.texts(kinds=frozenset({Kind.TOPIC, Kind.JOIN})), ["JOIN", "TOPIC", "", ""])
        await self.delete(3)
        self.assertEqual(await self.texts(kinds=spoken, limit=2), ["MESSAGE", "MESSAGE"])
        self.assertEqual(await self.store.count(Query((LOBBY,), 1, kinds=spoken)), 2)

    # Direct messages

    async def keep_direct(self, actor: str, target: str, text: str, stream: str, kind: Kind = Kind.DIRECT) -> None:
        event = said(text, None, kind, actor, target)
        event.stream, event.time = stream, TIME + len(self.fed)
        await self.store.append([event])

    async def between(self, one: str, other: str, **more: Any) -> list[str]:
        streams = (inbox("kim"), inbox("ünal"), sent("kim"))
        return await self.texts(*streams, between=(one.split(), other.split()), **more)

    async def talk_directly(self) -> None:
        await self.keep_direct("Kim", "Ünal", "1", inbox("ünal"))
        await self.keep_direct("Ünal", "kim", "2", inbox("kim"), Kind.DIRECT_NOTICE)
        await self.keep_direct("bob", "kim", "3", inbox("kim"))
        await self.keep_direct("bob", "Ünal", "4", inbox("ünal"))
        await self.keep_direct("KIM", "bob", "5", sent("kim"), Kind.DIRECT_ACTION)
        await self.keep_direct("kim", "Ünal", "6", inbox("ünal"))
        await self.keep_direct("kim", "kim", "7", inbox("kim"))

    async def test_between_is_what_two_people_said_to_each_other(self) -> None:
        await self.talk_directly()
        self.assertEqual(await self.between("kim", "ünal Ünal"), ["1", "2", "6"])
        self.assertEqual(await self.between("ünal Ünal", "kim"), ["1", "2", "6"])
        self.assertEqual(await self.between("kim", "BOB"), ["3", "5"])
        self.assertEqual(await self.between("kim", "kim"), ["7"])
        self.assertEqual(await self.between("kim", "ann"), [])
        self.assertEqual(await self.between("kim", "ünal Ünal", limit=2), ["2", "6"])
        self.assertEqual(await self.between("kim", "ünal Ünal", limit=2, after=0), ["1", "2"])
        self.assertEqual(await self.between("kim", "ünal Ünal", since=TIME + 1, until=TIME + 5), ["2"])

    async def test_between_has_what_was_deleted_as_such(self) -> None:
        await self.talk_directly()
        await self.keep_direct("kim", "Ünal", "1 wrong window", inbox("ünal"), Kind.DELETE)
        self.assertEqual(await self.between("kim", "ünal Ünal"), ["", "2", "6", "1 wrong window"])
        self.assertEqual(await self.between("kim", "ünal Ünal", kinds=DIRECT), ["2", "6"])

    async def test_conversations_are_rooms_and_people_by_the_time_of_the_last_message(self) -> None:
        await self.keep("gone", room=DEV)
        await self.delete(1, DEV)
        await self.talk_directly()
        await self.keep_at(90)
        await self.store.append([said("", room=LOBBY, kind=Kind.JOIN), said("", room="#empty", kind=Kind.JOIN)])

        async def conversations(name: str, since: int) -> list[tuple[str, int]]:
            found = await self.store.conversations((LOBBY, DEV, "#none", "#empty"), inbox(name), [name], TIME + since)
            return [(who, time - TIME) for who, time in found]

        self.assertEqual(await conversations("kim", 0), [("bob", 6), ("Ünal", 7), ("kim", 8), (LOBBY, 90)])
        self.assertEqual(await conversations("kim", 7), [("Ünal", 7), ("kim", 8), (LOBBY, 90)])
        self.assertEqual(await conversations("kim", 91), [])
        self.assertEqual(await conversations("nobody", 0), [(LOBBY, 90)])

    # Topics

    async def test_topics_are_the_last_of_each_room_that_has_one(self) -> None:
        self.assertEqual(self.store.topics(), [])
        await self.store.append([said("old", kind=Kind.TOPIC), said("brief", DEV, Kind.TOPIC), said("talk", "#x")])
        await self.store.append([said("new", kind=Kind.TOPIC), said("", DEV, Kind.TOPIC)])
        self.assertEqual(await self.all_topics(), [(LOBBY, "new")])

    async def all_topics(self) -> list[tuple[str, str]]:
        return sorted(self.store.topics())

    # Search

    async def test_search_finds_messages_with_all_the_words_the_newest_20_in_order(self) -> None:
        await self.keep("red apple", "green apple", "red pear", "apple, RED!")
        self.assertEqual(await self.find("red", "apple"), ["red apple", "apple, RED!"])
        self.assertEqual(await self.find("red apple"), ["red apple", "apple, RED!"])
        self.assertEqual(await self.find("app"), [])
        await self.keep(*(f"plum {i}" for i in range(30)))
        self.assertEqual(await self.find("plum"), [f"plum {i}" for i in range(10, 30)])

    async def test_search_looks_only_in_the_rooms_asked_for(self) -> None:
        await self.keep("apple here")
        await self.keep("apple there", room=DEV)
        self.assertEqual(await self.find("apple"), ["apple here"])
        self.assertEqual(await self.find("apple", rooms=(DEV, LOBBY)), ["apple here", "apple there"])
        self.assertEqual(await self.find("apple", rooms=("#none",)), [])

    async def test_search_does_not_find_names_rooms_or_reasons(self) -> None:
        await self.store.append([said("lunch", kind=Kind.LEAVE), said("x", actor="lunch"), said("y", room="#lunch")])
        for word in ("lunch", "r1", "r2", "lobby", "text", "room"):
            self.assertEqual(await self.find(word, rooms=(LOBBY, "#lunch")), [])

    async def test_search_is_blind_to_case_and_accents(self) -> None:
        await self.keep("Crème BRÛLÉE", "ΚΑΛΗΜΈΡΑ κόσμε", "Привет, МИР", "日本 語", "Jose\u0301 ")
        for word, text in (
            ("creme", "Crème BRÛLÉE"),
            ("brûlée", "Crème BRÛLÉE"),
            ("καλημερα", "ΚΑΛΗΜΈΡΑ κόσμε"),
            ("привет", "Привет, МИР"),
            ("мир", "Привет, МИР"),
            ("日本", "日本 語"),
            ("josé", "Jose\u0301 "),
            ("jose\u0301", "Jose\u0301 "),
            ("JOSE", "Jose\u0301 "),
        ):
            self.assertEqual(await self.find(word), [text], word)

    async def test_the_operators_of_search_engines_are_words_and_signs_like_others(self) -> None:
        await self.keep(
            "salt AND pepper", "salt or pepper", "near(salt, pepper)", 'he said "salt"', "col:umn * ^x - {y}"
        )
        for words, found in (
            (("AND",), ["salt AND pepper"]),
            (("salt", "AND", "pepper"), ["salt AND pepper"]),
            (("salt", "OR", "pepper"), ["salt or pepper"]),
            (("NEAR(salt",), ["near(salt, pepper)"]),
            (("salt", "NOT", "pepper"), []),
            (('"salt', 'said"'), ['he said "salt"']),
            (("col:umn",), ["col:umn * ^x - {y}"]),
            (("sal*",), []),
            (("^salt", "+", "(near)"), ["near(salt, pepper)"]),
            (("x'; DROP TABLE event; --",), []),
            (("text:salt", "{room}"), []),
        ):
            self.assertEqual(await self.find(*words), found, words)
        self.assertEqual(len(await self.texts()), 5)

    async def test_words_without_a_letter_or_digit_do_not_narrow_a_search(self) -> None:
        await self.keep("apple pie", "apple juice")
        self.assertEqual(await self.find("apple", "*", '"', "-"), ["apple pie", "apple juice"])
        self.assertEqual(await self.find("*"), ["apple pie", "apple juice"])

    async def test_search_within_bounds(self) -> None:
        await self.keep("x 1", "x 2", "x 3", "x 4")
        self.assertEqual(await self.texts(words=("x",), before=3), ["x 1", "x 2"])
        self.assertEqual(await self.texts(words=("x",), after=1, limit=2), ["x 2", "x 3"])

    async def test_search_sees_what_was_just_written(self) -> None:
        for i in range(5):
            await self.keep(f"fresh{i}")
            self.assertEqual(await self.find(f"fresh{i}"), [f"fresh{i}"])

    # Streams that are no rooms

    async def test_direct_messages_are_read_from_the_inbox_that_they_are_kept_in(self) -> None:
        direct, audit = said("psst", None, Kind.DIRECT, target="bob"), said("kick", None, Kind.AUDIT, target="bob")
        direct.stream, audit.stream = inbox("bob"), AUDIT
        await self.store.append([direct, audit, said("loud")])
        for stream, event in ((inbox("bob"), direct), (AUDIT, audit)):
            (read,) = await self.store.read(Query((stream,), 9))
            self.assertEqual((members(read), read.stream), (members(event), stream))
        self.assertEqual(await self.texts(LOBBY), ["loud"])
        self.assertEqual(await self.find("psst"), [])

    # Records

    async def test_records_are_kept_beside_events_by_kind_and_key(self) -> None:
        ann = {"name": "Ünal", "rooms": ["#a"], "markers": {"#a": 1}, "none": None, "yes": True, "half": 0.5}
        records = [Put("account", "ann", ann), said("a"), Put("room", "ann", {}), Put("account", "bob", {"x": 1})]
        await self.store.append(records)
        self.assertEqual(
            await self.all_records(), [("account", "ann", ann), ("account", "bob", {"x": 1}), ("room", "ann", {})]
        )
        self.assertEqual(sorted(await self.store.read_records("account")), [("ann", ann), ("bob", {"x": 1})])
        self.assertEqual(await self.store.read_records("ban"), [])
        self.assertEqual(await self.texts(), ["a"])

    async def test_the_last_value_counts_and_none_forgets(self) -> None:
        await self.store.append([Put("ban", "x", {"n": 1}), Put("ban", "x", {"n": 2}), Put("ban", "y", {"n": 1})])
        await self.store.append([Put("ban", "y", None), Put("ban", "never", None)])
        self.assertEqual(await self.all_records(), [("ban", "x", {"n": 2})])

    async def test_records_alone_take_no_id_and_are_fed(self) -> None:
        puts = [Put("ban", "x", {})]
        await self.store.append(puts)
        self.assertIs(self.fed[-1], puts)
        self.assertEqual([event.id for event in await self.keep("a")], [1])

    async def all_records(self) -> list[tuple[str, str, Any]]:
        return sorted(self.store.records())

    # Other names

    async def test_a_room_that_moves_takes_along_what_came_before_and_no_more(self) -> None:
        await self.keep("one", room=DEV)
        topic = said("plans", DEV, Kind.TOPIC)
        await self.store.append([said("two", DEV), topic, Move(DEV, "#new"), said("three", DEV), said("four", "#new")])
        self.assertEqual(await self.texts("#new"), ["one", "two", "plans", "four"])
        self.assertEqual(await self.texts(DEV), ["three"])
        self.assertEqual(self.store.topics(), [("#new", "plans")])
        self.assertEqual({event.room for event in await self.store.read(Query(("#new",), 9))}, {"#new"})
        self.assertEqual(await self.find("two", rooms=("#new",)), ["two"])
        self.assertEqual(await self.find("two", rooms=(DEV,)), [])
        self.assertEqual([event.id for event in await self.keep("five")], [6])

    async def test_what_was_found_under_the_other_name_no_longer_is(self) -> None:
        await self.keep("old", room="#new")
        await self.keep("one", room=DEV)
        await self.store.append([Move(DEV, "#new")])
        self.assertEqual(await self.texts("#new"), ["one"])
        self.assertEqual(await self.texts(DEV), [])

    async def test_a_room_may_move_out_of_reach(self) -> None:
        await self.store.append(
            [said("one", DEV), said("plans", DEV, Kind.TOPIC), Move(DEV, None), Move("#none", None)]
        )
        await self.keep("two", room=DEV)
        await self.store.append([Move(DEV, None)])
        self.assertEqual((await self.texts(DEV), self.store.topics()), ([], []))
        self.assertEqual(await self.find("one", rooms=(DEV,)), [])
        await self.keep("three", room=DEV)
        self.assertEqual(await self.texts(DEV), ["three"])

    async def test_two_rooms_may_swap_names(self) -> None:
        await self.store.append(
            [said("a", "#a"), said("b", "#b"), Move("#a", "#c"), Move("#b", "#a"), Move("#c", "#b")]
        )
        self.assertEqual((await self.texts("#a"), await self.texts("#b"), await self.texts("#c")), (["b"], ["a"], []))

    # Deleting

    async def delete(self, id: int, room: str = LOBBY) -> None:
        await self.store.append([said(str(id), room, Kind.DELETE, "ann", "kim")])

    async def test_what_is_deleted_has_no_text_and_is_not_found(self) -> None:
        await self.keep("red apple", "green apple", "pear")
        self.assertEqual(await self.find("apple"), ["red apple", "green apple"])
        await self.delete(1)
        self.assertEqual(await self.texts(talk=True), ["", "green apple", "pear"])
        self.assertEqual(await self.find("apple"), ["green apple"])
        self.assertEqual(await self.find("red"), [])
        self.assertEqual(await self.store.count(Query((LOBBY,), 1, words=("apple",))), 1)

    async def test_also_before_search_has_seen_it_and_in_the_same_append(self) -> None:
        await self.store.append([said("red apple"), said("1", kind=Kind.DELETE)])
        await self.keep("green apple")
        self.assertEqual(await self.find("apple"), ["green apple"])

    async def test_a_reason_may_follow(self) -> None:
        await self.keep("red apple")
        await self.store.append([said("1 2 many apples", kind=Kind.DELETE)])
        self.assertEqual(await self.texts(talk=True), [""])

    async def test_only_in_the_same_room_and_twice_is_once(self) -> None:
        await self.keep("apple")
        await self.delete(1, DEV)
        await self.delete(99)
        self.assertEqual(await self.find("apple"), ["apple"])
        await self.delete(1)
        await self.delete(1)
        await self.keep("apple")
        self.assertEqual(await self.find("apple"), ["apple"])

    # Counting

    async def test_count_is_how_many_read_would_return_without_its_limit(self) -> None:
        for i in range(6):
            await self.keep(f"word {i}", room=(LOBBY, DEV)[i % 2])
        await self.store.append([said("", kind=Kind.JOIN)])
        for query in (
            Query((LOBBY,), 1),
            Query((LOBBY, DEV), 1),
            Query((LOBBY,), 1, talk=True),
            Query((LOBBY, DEV), 1, before=5, after=1),
            Query((LOBBY, DEV), 1, after=2, talk=True),
            Query((LOBBY, DEV), 1, words=("word",)),
            Query((LOBBY, DEV), 1, words=("3",)),
            Query(("#none",), 1),
            Query((), 1),
        ):
            self.assertEqual(await self.store.count(query), len(await self.all_of(query)), query)

    async def all_of(self, query: Query) -> list[Event]:
        return await self.store.read(query._replace(limit=1000))

    # Retention

    async def test_the_oldest_are_forgotten_first_and_no_more_than_asked_for(self) -> None:
        await self.keep(*"abcdefgh")
        self.assertEqual(await self.store.forget(TIME + 1, 3), 3)
        self.assertEqual(await self.texts(), list("defgh"))
        self.assertEqual(await self.store.forget(TIME, 3), 0)
        self.assertEqual(await self.texts(), list("defgh"))

    async def test_what_is_forgotten_is_not_found_and_what_is_left_is(self) -> None:
        await self.keep("red apple", "green apple", "blue apple")
        self.assertEqual(len(await self.find("apple")), 3)
        await self.store.forget(TIME + 1, 2)
        self.assertEqual(await self.find("apple"), ["blue apple"])
        await self.keep("pink apple")
        self.assertEqual(await self.find("apple"), ["blue apple", "pink apple"])

    async def test_ids_are_not_given_again(self) -> None:
        await self.keep(*"abc")
        await self.store.forget(TIME + 1, 99)
        self.assertEqual([event.id for event in await self.keep("d")], [4])
        self.assertEqual((await self.texts())[-1], "d")

    async def test_size_is_how_many_there_are_at_most(self) -> None:
        self.assertEqual(await self.store.size(), 0)
        await self.keep(*"abcde")
        self.assertEqual(await self.store.size(), 5)
        await self.store.forget(TIME + 1, 2)
        self.assertEqual(await self.store.size(), 3)

    # Erasing

    async def erase(self, name: str, limit: int = 1000) -> int:
        """All parts. @return: how many there were."""
        after: int | None = 0
        parts = 0
        while after is not None:
            after = await self.store.erase(name, after, limit)
            parts += 1
        return parts

    async def test_what_someone_said_is_gone_and_their_name_with_it(self) -> None:
        direct = said("to kim", None, Kind.DIRECT, "bob", "Kim")
        direct.stream = inbox("kim")
        await self.store.append([said("my apple", actor="Kim"), said("his apple", actor="bob"), direct])
        await self.find("apple")
        await self.erase("kim")
        read = await self.store.read(Query((LOBBY, inbox("kim")), 9))
        found = [(event.actor, event.target, event.text) for event in read]
        self.assertEqual(found, [(ERASED, "", ""), ("bob", "", "his apple"), ("bob", ERASED, "")])
        self.assertEqual(await self.find("apple"), ["his apple"])

    async def test_part_by_part_is_the_same(self) -> None:
        await self.store.append([said(f"apple {i}", actor=("kim", "bob")[i % 2]) for i in range(10)])
        self.assertEqual(await self.erase("kim", 3), 4)
        self.assertEqual(await self.find("apple"), [f"apple {i}" for i in range(1, 10, 2)])

    async def test_twice_is_once(self) -> None:
        await self.keep("apple")
        await self.erase("kim")
        await self.erase("kim")
        await self.keep("apple")
        self.assertEqual(await self.find("apple"), ["apple"])


def _wait(awaitable: Any) -> Deferred[None]:
    return Deferred.fromCoroutine(_await(awaitable))


async def _await(awaitable: Any) -> None:
    await awaitable
