"""The store in memory."""

from contract import StoreContract, said
from twisted.trial.unittest import TestCase

from twisted_chat.store.interface import Query, words_of
from twisted_chat.store.memory import MemoryStore


class MemoryStoreTests(StoreContract, TestCase):
    def make(self) -> MemoryStore:
        return MemoryStore()

    async def test_it_forgets_the_oldest_beyond_what_it_keeps(self) -> None:
        store = MemoryStore(keep=3)
        store.feed = self.fed.append
        store.open()
        await store.append([said(text) for text in "abcde"])
        read = await store.read(Query(("#lobby",), 10))
        self.assertEqual([(event.id, event.text) for event in read], [(3, "c"), (4, "d"), (5, "e")])


class WordTests(TestCase):
    def test_words_are_letters_and_digits_with_their_marks(self) -> None:
        for text, words in (
            ("Hello, world!", ["Hello", "world"]),
            ("it's 3.14", ["it", "s", "3", "14"]),
            ("snake_case", ["snake", "case"]),
            ("jose\u0301 x", ["jose\u0301", "x"]),
            ("\u0301 -- *", []),
        ):
            self.assertEqual(words_of(text), words)
