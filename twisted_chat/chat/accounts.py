"""Accounts: names that are owned, and what is remembered of their owners."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol
from weakref import ref

from .errors import Refused
from .events import Put
from .names import Name, parse_name

MIN_PASSWORD = 8
MAX_PASSWORD = 1000
# Nothing; never changed.
EMPTY: Mapping[str, Any] = {}


class Secret(NamedTuple):
    """What is stored of a password.

    @ivar hashed: to compare the password with.
    @ivar scram: to compare with what others make of it, so that it need not be sent (L{scram.Verifier.record}).
    """

    hashed: str
    scram: str


class Authenticator(Protocol):
    """Checks passwords, elsewhere: it takes tens of milliseconds. Every call is answered in a later turn, once."""

    def hash(self, address: str, password: str, done: Callable[[Secret | Refused], None]) -> None:
        """Make what is stored of a password."""

    def complete(self, hashed: str, password: str, done: Callable[[Secret], None]) -> None:
        """Make the rest of what is stored of a password that has just been right, for an account from before there was
        that. Not answered when too many wait for more urgent things."""

    def attempt(
        self, address: str, name: Name, right: Callable[[], bool], done: Callable[[bool | Refused], None]
    ) -> None:
        """Whether someone has shown to know a password, in a way that takes no time to look at: counted, and held up,
        as in L{check}.

        @param right: looks at it.
        """

    def random(self, size: int) -> bytes:
        """So many bytes that nobody can guess."""

    def check(
        self, address: str, name: Name, hashed: str, password: str, done: Callable[[bool | Refused], None]
    ) -> None:
        """Whether the password is right; or why that was not looked at (C{"slow-down"}): those from the same address,
        or on the same account, were wrong too often.

        @param address: where the attempt comes from; those who failed before wait longer for their turn.
        @param name: the account's name, for outside authentication.
        @param hashed: what is stored; empty when there is no such account here, which takes the same time.
        """

    @property
    def outside(self) -> bool:
        """Whether others than the store know passwords."""


class Account(NamedTuple):
    """An account, as it is stored. Never changed, only replaced.

    @ivar name: the name as its owner writes it.
    @ivar password: the hash of the password; empty when it is known to outside authentication only.
    @ivar created, seen: when made and when last here, in seconds since 1970.
    @ivar admin: whether it administers the server.
    @ivar suspended: why it may not log in, or C{None}.
    @ivar shunned: whether what it says reaches nobody but itself.
    @ivar rooms: where it was when it was last here.
    @ivar markers: by room, the id of the last event that was read there.
    @ivar inbox: the id of the last event up to which direct messages have been received.
    @ivar certificates: fingerprints of the certificates with which its owner logs in.
    @ivar metadata: what it says of itself, by key.
    @ivar scram: what else is stored of the password (L{Secret.scram}); empty for none.
    """

    name: str
    password: str
    created: float
    seen: float
    admin: bool = False
    suspended: str | None = None
    shunned: bool = False
    rooms: tuple[str, ...] = ()
    markers: Mapping[str, int] = EMPTY
    inbox: int = 0
    certificates: tuple[str, ...] = ()
    scram: str = ""
    metadata: Mapping[str, str] = EMPTY

    def record(self) -> dict[str, Any]:
        """As it is put into the store."""
        return self._asdict()


def from_record(record: Mapping[str, Any]) -> Account:
    """As it comes out of the store."""
    lists = {name: tuple(record[name]) for name in ("rooms", "certificates") if name in record}
    return Account(**{**record, **lists})


class Accounts:
    """All accounts, by the key of the name."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._looks: dict[str, str] = {}
        self._certificates: dict[str, str] = {}
        self._notes: dict[str, list[ref[Put]]] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def restore(self, records: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Take over what the store has."""
        for key, record in records:
            self._keep(key, from_record(record))

    def items(self) -> list[tuple[str, Account]]:
        """All of them, with their keys."""
        return list(self._accounts.items())

    def get(self, key: str) -> Account | None:
        return self._accounts.get(key)

    def lookalike(self, name: Name) -> Account | None:
        """The account whose name looks like this one, but is another."""
        key = self._looks.get(name.skeleton)
        return None if key is None or key == name.key else self._accounts[key]

    def looks_taken(self, name: Name) -> bool:
        """Whether an account has this name, or one that looks like it."""
        return name.skeleton in self._looks

    def by_certificate(self, fingerprint: str) -> Account | None:
        """The account whose owner logs in with this certificate."""
        return self._accounts.get(self._certificates.get(fingerprint, ""))

    def put(self, account: Account) -> tuple[Put, Callable[[], None]]:
        """Make or replace an account.

        @return: the step that keeps it, and what takes it back.
        """
        key = parse_name(account.name).key
        before = self._accounts.get(key)
        self._keep(key, account)

        def undo() -> None:
            if before is None:
                self.forget(key)
            else:
                self._keep(key, before)
            self._amend(key)

        return Put("account", key, account.record()), undo

    def change(self, key: str, **values: Any) -> tuple[Put, Callable[[], None]]:
        """Replace some of what an account has. @return: as L{put}."""
        account = self._accounts[key]
        before = {name: getattr(account, name) for name in values}
        self._keep(key, account._replace(**values))

        def undo() -> None:
            # Only this: something else may have been noted meanwhile.
            if key in self._accounts:
                self._keep(key, self._accounts[key]._replace(**before))
            self._amend(key)

        return Put("account", key, self._accounts[key].record()), undo

    def note(self, key: str, **values: Any) -> Put:
        """Replace some of what an account has, as a fact. When something before it is taken back, that is in the step
        no longer, either."""
        put, _ = self.change(key, **values)
        notes = self._notes.setdefault(key, [])

        def gone(note: ref[Put]) -> None:
            notes.remove(note)
            if not notes and self._notes.get(key) is notes:
                del self._notes[key]

        notes.append(ref(put, gone))
        return put

    def bring_back(self, account: Account) -> None:
        """An account is as it was after all, also where it was forgotten, or noted otherwise (L{note}) meanwhile."""
        key = parse_name(account.name).key
        self._keep(key, account)
        self._amend(key)

    def _amend(self, key: str) -> None:
        account = self._accounts.get(key)
        record = account.record() if account else None
        for each in self._notes.get(key, ()):
            note = each()
            if note is not None:
                note.value = record

    def _keep(self, key: str, account: Account) -> None:
        before = self._accounts.get(key)
        if before is None or before.certificates != account.certificates:
            self._forget_certificates(before)
            self._certificates.update(dict.fromkeys(account.certificates, key))
        self._accounts[key] = account
        self._looks[parse_name(account.name).skeleton] = key

    def _forget_certificates(self, account: Account | None) -> None:
        for fingerprint in account.certificates if account else ():
            self._certificates.pop(fingerprint, None)

    def forget(self, key: str) -> None:
        """There is no such account any more."""
        account = self._accounts.pop(key, None)
        if account is not None:
            self._looks.pop(parse_name(account.name).skeleton, None)
            self._forget_certificates(account)


def check_password(password: str, shortest: int = MIN_PASSWORD) -> None:
    """
    @param shortest: how many characters it needs.
    @raise Refused: C{"bad-password"}: too short or too long.
    """
    if not shortest <= len(password) <= MAX_PASSWORD:
        raise Refused("bad-password", f"A password has from {shortest} to {MAX_PASSWORD} characters.")
