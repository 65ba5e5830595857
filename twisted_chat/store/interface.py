"""The store: what every form of it promises. tests/store/contract.py holds each form to it."""

from __future__ import annotations

import abc
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..chat.events import DIRECT, Event, Kind, Record

# What search takes for a word: letters and digits, with the marks that belong to them.
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")


def words_of(text: str) -> list[str]:
    """The words of a text, as search counts them. @return: without punctuation, in their order."""
    return _WORD.findall(text)


def plain(text: str) -> str:
    """A text as search compares it: without case and accents."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


def lowered(name: str) -> str:
    """A name without the case of its ASCII letters."""
    return name.lower() if name.isascii() else "".join(c.lower() if c.isascii() else c for c in name)


class StoreError(Exception):
    """The store could not do it. The message is one line for the operator."""


class Query(NamedTuple):
    """Which events to read.

    @ivar rooms: of these rooms, or other streams (L{Event.stream}).
    @ivar limit: at most so many: the newest, or with C{after} or C{since} the oldest.
    @ivar before, after: only those with a smaller, a greater id.
    @ivar talk: only what was said (L{TALK}).
    @ivar words: only those whose text has all these words (L{words_of}), whatever their case and accents (L{plain}).
    @ivar until, since: only those from before this time, from this time on, in milliseconds since 1970. The log is
        taken to be in the order of time, and the place where this begins is looked for in it: should the clock have
        been set back, events near that place may be on the wrong side.
    @ivar newest: the newest, even with C{after} or C{since}.
    @ivar kinds: only of these kinds, and nothing that has been deleted.
    @ivar between: only what two people said to each other directly, or deleted of it. Each is given by the ways to
        write the name; the case of ASCII letters makes no difference. Not together with C{words}.
    """

    rooms: Sequence[str]
    limit: int
    before: int | None = None
    after: int | None = None
    talk: bool = False
    words: Sequence[str] = ()
    until: int | None = None
    since: int | None = None
    newest: bool = False
    kinds: frozenset[Kind] | None = None
    between: tuple[Sequence[str], Sequence[str]] | None = None

    @property
    def forward(self) -> bool:
        """Whether the oldest are wanted."""
        return not self.newest and (self.after is not None or self.since is not None)


# Who has said what an erased account said.
ERASED = "(erased)"
# What C{Query.between} finds.
EXCHANGED = DIRECT | {Kind.DELETE}
# The text of these is not what their actor has said, and stays: the log would make no sense without it.
NOT_WORDS = frozenset({Kind.MODE, Kind.DELETE, Kind.AUDIT})


class Store(abc.ABC):
    """The log, and everything else that must survive the process.

    One user: methods are called in the reactor's thread. An awaitable that is returned may be waited for once.

    @ivar feed: called with each list of events and records that has been committed, in the order of the log, whoever
        appended them. The list given to L{append} is fed as it is, with the ids set, before the awaitable is done. It
        must not raise.
    """

    feed: Callable[[Sequence[Record]], None]

    @abc.abstractmethod
    def open(self) -> None:
        """Make ready. May block: the reactor is not running yet.

        @raise StoreError: it cannot be used (not there, not writable, damaged, in use by another daemon).
        """

    @abc.abstractmethod
    def append(self, records: Sequence[Record]) -> Awaitable[None]:
        """Commit events and records in this order, all or none; done when they are durable and have been fed.

        An event of the kind C{DELETE} empties the text of the event that it names (L{deleted}), if that is in the same
        room: it can no longer be read or found. A L{Move} is about what was appended before, and what stands before it
        in the list. Never called again before the last one is done.

        @raise StoreError: (from the awaitable) none was committed, and none is fed.
        """

    @abc.abstractmethod
    def read(self, query: Query) -> Awaitable[list[Event]]:
        """Read committed events, in the order of the log.

        @raise StoreError: (from the awaitable) the log could not be read.
        """

    @abc.abstractmethod
    def first(self, query: Query) -> Awaitable[int]:
        """The id of the first event that L{read} would return; 0 when there is none.

        @raise StoreError: (from the awaitable) the log could not be read.
        """

    @abc.abstractmethod
    def count(self, query: Query) -> Awaitable[int]:
        """How many events L{read} would return, if the limit allowed.

        @raise StoreError: (from the awaitable) the log could not be read.
        """

    @abc.abstractmethod
    def conversations(
        self, rooms: Sequence[str], inbox: str, names: Sequence[str], since: int
    ) -> Awaitable[list[tuple[str, int]]]:
        """Where somebody could read on: the rooms where something was said, and the people with whom they exchanged
        direct messages.

        @param rooms: which rooms to look at.
        @param inbox: the stream of the direct messages to them.
        @param names: the ways to write their own name (see C{Query.between}).
        @param since: only what was said at this time or later, in milliseconds since 1970.
        @return: names of rooms and people, each with the time of the last message, in the order of these.
        @raise StoreError: (from the awaitable) the log could not be read.
        """

    @abc.abstractmethod
    def forget(self, before: int, limit: int) -> Awaitable[int]:
        """Remove the oldest events, for good.

        @param before: only those that happened before, in milliseconds since 1970.
        @param limit: at most so many; a small number is a short wait for the next append.
        @return: how many were removed.
        @raise StoreError: (from the awaitable) nothing was removed.
        """

    @abc.abstractmethod
    def size(self) -> Awaitable[int]:
        """How many events there are, at most: removed ones in the middle may count."""

    @abc.abstractmethod
    def erase(self, name: str, after: int, limit: int) -> Awaitable[int | None]:
        """Take from a part of the log what someone said, the direct messages to them, and their name.

        @param name: as it was shown, or its key.
        @param after, limit: which part: so many ids after this one.
        @return: where the next part begins; C{None} at the end of the log.
        @raise StoreError: (from the awaitable) nothing was taken.
        """

    @abc.abstractmethod
    def read_records(self, kind: str) -> Awaitable[list[tuple[str, Mapping[str, Any]]]]:
        """All records of a kind as they are now, also those put there by others: keys and values.

        @raise StoreError: (from the awaitable) they could not be read.
        """

    @abc.abstractmethod
    def records(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """All records: kind, key and value. Called after L{open}, may block."""

    @abc.abstractmethod
    def topics(self) -> list[tuple[str, str]]:
        """The rooms that have a topic, and the topics. Called after L{open}, may block."""

    @abc.abstractmethod
    def close(self) -> Awaitable[None]:
        """Finish what was asked, and let go of everything. Nothing is called after it."""
