"""What people and rooms say of themselves by key: a picture, a homepage. IRCv3 metadata.

An account's and a lasting room's are kept in their records; a guest's are there as long as they are, and so is what a
room has that is there only as long as somebody is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .acts import Act, Answer, Session, Step
from .errors import Refused
from .interests import Interests
from .permissions import Role
from .rooms import Room, User

if TYPE_CHECKING:
    from .chat import Chat

MAX_KEYS = 20
MAX_KEY = 50
# In bytes.
MAX_VALUE = 300
MAX_SUBSCRIPTIONS = 50
_KEY = re.compile(r"[a-z0-9_./-]+")

Target = User | Room


class Subscriptions(Interests):
    """Which connections want to be told of which keys."""

    def add(self, session: Session, key: str) -> None:
        """
        @raise Refused: C{"bad-key"} or C{"too-many-keys"}.
        """
        check_key(key)
        keys = self.of(session)
        if key not in keys and len(keys) >= MAX_SUBSCRIPTIONS:
            raise Refused("too-many-keys", f"You have {MAX_SUBSCRIPTIONS} subscriptions already.")
        self.put(session, key, key)

    def remove(self, session: Session, key: str) -> None:
        """
        @raise Refused: C{"bad-key"}.
        """
        check_key(key)
        super().remove(session, key)


def check_key(key: str) -> None:
    """
    @raise Refused: C{"bad-key"}.
    """
    if len(key) > MAX_KEY or not _KEY.fullmatch(key):
        raise Refused("bad-key", f"A key has a-z, 0-9 and _ . / - only, and at most {MAX_KEY} characters.")


def check_value(value: str) -> None:
    """
    @raise Refused: C{"bad-value"}.
    """
    if len(value.encode()) > MAX_VALUE:
        raise Refused("bad-value", f"A value has at most {MAX_VALUE} bytes.")


def find(chat: Chat, session: Session, text: str) -> Target:
    """A person who is here, or a room that one may know of.

    @raise Refused: C{"no-such-target"}.
    """
    try:
        return chat.find_room(session, text) if text.startswith("#") else chat.find_user(text)
    except Refused as why:
        raise Refused("no-such-target", why.sentence) from None


def values(chat: Chat, target: Target) -> Mapping[str, str]:
    """All that is set, by key."""
    account = chat.account_of(target) if isinstance(target, User) else None
    return account.metadata if account is not None else target.metadata


def shown_values(chat: Chat, user: User, target: Target) -> Mapping[str, str]:
    """All that is set, as far as someone is told who asks.

    @param user: who asks.
    """
    return {} if isinstance(target, User) and not chat.hears(user, target) else values(chat, target)


def sees(chat: Chat, user: User, target: Target) -> bool:
    """Whether someone may read it: a room's that is closed only those who are in it, and administrators."""
    if isinstance(target, User) or user in target.members or chat.is_admin(user):
        return True
    return chat.sees_into(user, target) and not target.modes.keys() & {"invite-only", "key"}


def may_set(chat: Chat, user: User, target: Target) -> bool:
    """Whether someone may change it: their own, that of rooms where they are op; administrators all."""
    return user is target or chat.is_admin(user) or (isinstance(target, Room) and target.role(user) >= Role.OP)


def put(chat: Chat, session: Session, target: Target, changes: Mapping[str, str | None]) -> None:
    """Set values, or take them away with C{None}; those who have subscribed to their keys and may see it are told, but
    for the session itself.

    @raise Refused: C{"not-allowed"}, C{"bad-key"}, C{"bad-value"}, C{"too-many-keys"}, or C{"no-such-key"}: what was to
        be taken away is not set.
    """
    user = chat.user(session)
    before = values(chat, target)
    for key, value in changes.items():
        check_key(key)
        if value is not None:
            check_value(value)
    if not may_set(chat, user, target):
        raise Refused("not-allowed", "You may not change that.")
    if any(value is None and key not in before for key, value in changes.items()):
        raise Refused("no-such-key", "That is not set.")
    merged = {**before, **changes}
    after = {key: value for key, value in merged.items() if value is not None}
    if len(after) > MAX_KEYS and len(after) > len(before):
        raise Refused("too-many-keys", f"At most {MAX_KEYS} keys can be set.")
    if target is not user and chat.is_shunned(user):
        # What is a room's cannot be theirs alone: nothing changes, and they are told that it has.
        chat.outbox.add(Act(session, ()))
        return
    steps: list[Step] = []
    account = chat.account_of(target) if isinstance(target, User) else None
    if account is not None:
        step, undo = chat.accounts.change(target.name.key if isinstance(target, User) else "", metadata=after)
        steps.append(step)
    else:
        old, target.metadata = target.metadata, after

        def undo() -> None:
            target.metadata = old

        if isinstance(target, Room):
            steps += chat.keep_room(target)
    for key, value in changes.items():
        steps += [told(s, target, key, value) for s in _audience(chat, target, key) if s is not session]
    chat.outbox.add(Act(session, steps, undo))


def told(session: Session, target: Target, key: str, value: str | None) -> Answer:
    """The step that tells a session a value, or with C{None} that there is none."""
    data: dict[str, object] = {"target": shown(target), "key": key, "value": value}
    return Answer(session, "metadata", f"{shown(target)}: {key} is {value or 'not set'}.", data)


def shown(target: Target) -> str:
    """The name of a person or of a room."""
    return target.name.shown if isinstance(target, User) else target.name


def _audience(chat: Chat, target: Target, key: str) -> list[Session]:
    """Those who have subscribed to a key, and are in the room, or in one with the person, or watch or are them; of who
    is shunned, they alone."""
    found = []
    watchers = set(chat.watching.sessions(target.name.key)) if isinstance(target, User) else set()
    rooms: Sequence[Room] = target.rooms if isinstance(target, User) else (target,)
    for session in chat.subscriptions.sessions(key):
        user = session.user
        if user is None or (isinstance(target, User) and not chat.hears(user, target)):
            continue
        if user is target or session in watchers or any(user in r.members for r in rooms):
            found.append(session)
    return found


def introduce(chat: Chat, user: User, room: Room) -> list[Step]:
    """What tells those in a room of what someone has set who has just come in."""
    if not chat.subscriptions or chat.is_shunned(user):
        return []
    steps: list[Step] = []
    for key, value in values(chat, user).items():
        here = [s for s in chat.subscriptions.sessions(key) if s.user in room.members and s.user is not user]
        steps += [told(session, user, key, value) for session in here]
    return steps


def subscribed(chat: Chat, session: Session, target: Target) -> list[tuple[Target, str, str]]:
    """All that a session has subscribed to of a person, or of a room and of everyone in it: whose, key and value."""
    user, keys = chat.user(session), chat.subscriptions.of(session)
    targets: list[Target] = [target]
    if isinstance(target, Room) and keys:
        targets += target.members
    found = []
    for each in targets:
        has = shown_values(chat, user, each)
        if has:
            found += [(each, key, has[key]) for key in keys if key in has]
    return found
