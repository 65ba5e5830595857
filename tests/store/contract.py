"""What every form of the store promises, as tests. A form's own test case inherits them and says how it is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from twisted_chat.chat.events import Event, Kind
from twisted_chat.store.interface import Query, Store

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


def _wait(awaitable: Any) -> Deferred[None]:
    return Deferred.fromCoroutine(_await(awaitable))


async def _await(awaitable: Any) -> None:
    await awaitable
