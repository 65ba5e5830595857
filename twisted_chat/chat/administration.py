"""What administrators of the server may do, from anywhere in the chat."""

from __future__ import annotations

from collections.abc import Callable

from . import presence, registration
from .accounts import Account
from .acts import Act, Answer, Private, Recall, Session, Step
from .bans import make_ban
from .chat import Chat, check_length, span
from .errors import Refused
from .events import AUDIT, Kind, Put
from .masks import parse_mask
from .names import parse_name
from .rooms import User


def _admin(chat: Chat, session: Session) -> User:
    user = chat.user(session)
    if not chat.is_admin(user):
        raise Refused("not-admin", "That is for administrators of the server.")
    return user


def rehash(chat: Chat, session: Session) -> None:
    """Have the operator's files read again, and tell what that has changed.

    @raise Refused: C{"not-admin"}.
    """
    admin = _admin(chat, session)
    told = Answer(session, "info", "\n".join(["The server has read its files again.", *chat.rehash()]))
    # A fact: it is done.
    chat.outbox.add(Act(session, [chat.audit(admin.name.shown, "rehash"), told], fact=True))


def kill(chat: Chat, session: Session, name: str, reason: str = "") -> None:
    """End all connections of someone.

    @raise Refused: C{"not-admin"}, C{"no-such-user"} or C{"too-long"}.
    """
    admin = _admin(chat, session)
    check_length(reason, "reason")
    other = chat.find_user(name)
    told = Answer(session, "info", f"{other.name.shown} is disconnected.", {"code": "killed", "name": other.name.shown})
    audit = chat.audit(admin.name.shown, _because("kill", reason), other.name.shown)
    # A fact: who is out is out.
    chat.outbox.add(Act(session, [audit, told], fact=True))
    _drop_all(chat, other, reason)


def ban(chat: Chat, session: Session, mask: str, duration: str | None, reason: str = "") -> None:
    """Keep someone out of the server, and disconnect who is here.

    @param mask, duration: as C{bans.ban}.
    @raise Refused: C{"not-admin"}, C{"bad-mask"} or C{"too-long"}.
    """
    admin = _admin(chat, session)
    made, now = make_ban(chat, admin, mask, duration, reason), chat.now()
    over = [old.mask for old in chat.bans.values() if not old.holds(now)]
    for past in over:
        del chat.bans[past]
    chat.bans[made.mask] = made
    length = span(made.until - now) if made.until else "ever"
    steps: list[Step] = [
        *(Put("ban", past, None) for past in over),
        Put("ban", made.mask, made.record()),
        chat.audit(admin.name.shown, _because(f"gban for {length}", reason), made.mask),
        Answer(session, "info", f"{made.mask} is banned from the server for {length}."),
    ]
    # A fact, as nobody is let in again whom it has put out.
    chat.outbox.add(Act(session, steps, fact=True))
    for user in list(chat.users.values()):
        if made.matches(chat.who(user)) and not chat.is_admin(user):
            _drop_all(chat, user, reason or "banned")


def list_bans(chat: Chat, session: Session) -> None:
    """Tell who is banned from the server.

    @raise Refused: C{"not-admin"}.
    """
    _admin(chat, session)
    now = chat.now()
    held = [ban for ban in chat.bans.values() if ban.holds(now)]
    lines = [
        f"{ban.mask} for {span(ban.until - now) if ban.until else 'ever'}, by {ban.by}"
        + (f": {ban.reason}" if ban.reason else "")
        for ban in held
    ]
    text = "\n".join(lines) or "Nobody is banned from the server."
    chat.answer(session, text, "bans", {"room": None, "bans": [{"what": "ban", **ban.record()} for ban in held]})


def unban(chat: Chat, session: Session, mask: str) -> None:
    """Take a ban from the server back.

    @raise Refused: C{"not-admin"} or C{"no-such-ban"}.
    """
    admin = _admin(chat, session)
    key = parse_mask(mask)
    if key not in chat.bans:
        raise Refused("no-such-ban", f"There is no ban of {key} from the server.")
    old = chat.bans.pop(key)

    def undo() -> None:
        chat.bans[key] = old

    told = Answer(session, "info", f"The ban of {key} from the server is lifted.")
    steps: list[Step] = [Put("ban", key, None), chat.audit(admin.name.shown, "ungban", key), told]
    chat.outbox.add(Act(session, steps, undo))


def announce(chat: Chat, session: Session, text: str) -> None:
    """Tell everyone who is here something.

    @raise Refused: C{"not-admin"}.
    """
    admin = _admin(chat, session)
    event = chat.event(Kind.ANNOUNCE, None, admin, text=text)
    event.stream = AUDIT
    everyone = tuple(s for user in chat.users.values() for s in user.sessions)
    chat.outbox.add(Act(session, [event, Private(everyone, event)]))


def become(chat: Chat, session: Session, name: str, password: str, then: Callable[[Refused | None], None]) -> None:
    """Be an administrator under the name that one has, as the owner of an administrator's account. The session is busy
    until the password has been checked.

    @param then: called with C{None}, or with why not: as L{registration.prove}, or C{"not-admin"}.
    @raise Refused: C{"bad-name"}.
    """
    user = chat.user(session)

    def proved(account: Account) -> None:
        if not account.admin:
            then(Refused("not-admin", "That is not the account of an administrator."))
            return
        user.oper = parse_name(account.name).key
        # A fact: from here on they may do it.
        chat.outbox.add(Act(session, [chat.audit(user.name.shown, "oper", account.name)], fact=True))
        then(None)

    registration.prove(chat, session, parse_name(name), password, proved, then)


def wallops(chat: Chat, session: Session, text: str) -> None:
    """Tell those something who want to know what administrators tell each other (L{User.flags}).

    @raise Refused: C{"not-admin"}.
    """
    admin = _admin(chat, session)
    event = chat.passing(Kind.WALLOPS, None, admin, text=text)
    told = [s for user in chat.users.values() if "wallops" in user.flags for s in user.sessions if s is not session]
    chat.outbox.add(Act(session, [Private((session, *told), event)]))


def shun(chat: Chat, session: Session, name: str) -> None:
    """Let what someone says reach nobody but themselves, or no longer; they are not told.

    @raise Refused: C{"not-admin"} or C{"no-such-user"}.
    """
    admin = _admin(chat, session)
    name_ = parse_name(name)
    user, account = chat.users.get(name_.key), chat.accounts.get(name_.key)
    before = chat.shunned
    if user is None and account is None and name_.key not in before:
        raise Refused("no-such-user", f"There is no {name_.shown} here, and no account of that name.")
    # A guest is known by where they come from, too: a new name would not help.
    marks = {name_.key} | ({a for a in user.addresses if a} if user is not None and not user.registered else set())
    shunned = name_.key not in before
    if shunned:
        chat.shunned = before | dict.fromkeys(marks, name_.key)
    else:
        chat.shunned = {mark: key for mark, key in before.items() if name_.key not in (key, mark)}
    steps: list[Step] = [chat.audit(admin.name.shown, "shun" if shunned else "unshun", name_.shown)]
    if account is not None:
        put, undo_account = chat.accounts.change(name_.key, shunned=shunned)
        steps.append(put)

    def undo() -> None:
        chat.shunned = before
        if account is not None:
            undo_account()

    steps.append(Answer(session, "info", f"{name_.shown} is {'' if shunned else 'no longer '}shunned."))
    chat.outbox.add(Act(session, steps, undo))


def read_audit(chat: Chat, session: Session, limit: int) -> None:
    """Show the last acts of moderation.

    @raise Refused: C{"not-admin"}.
    """
    _admin(chat, session)

    def end(lines: int) -> Answer:
        return Answer(session, "audit", f"End of the audit log, {lines} lines.", {"lines": lines})

    chat.do(session, Recall(session, (AUDIT,), limit, end=end))


def _drop_all(chat: Chat, user: User, reason: str) -> None:
    for session in user.sessions:
        presence.drop(chat, session, _because("You are disconnected", reason) + ".", reason)


def _because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what
