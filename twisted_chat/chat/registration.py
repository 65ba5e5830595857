"""Accounts: making one, logging in and out, changing a password."""

from __future__ import annotations

from . import presence
from .accounts import Account, check_password
from .acts import Act, Answer, Focus, Session, Step
from .chat import Chat
from .errors import Refused
from .names import Name, parse_name
from .permissions import Role

WRONG = Refused("wrong-password", "Wrong name or password.")


def asks_password(chat: Chat, name: Name) -> bool:
    """Whether someone who gives this name at the prompt is to be asked for a password."""
    return chat.accounts.get(name.key) is not None or not chat.guests


def register(chat: Chat, session: Session, password: str) -> None:
    """Make an account of the name that one has. Answered when the password has been hashed.

    @raise Refused: C{"registered"}, C{"bad-password"} or C{"busy"}.
    """
    user = chat.user(session)
    if user.registered:
        raise Refused("registered", f"You are logged in to the account {user.name.shown} already.")
    check_password(password)

    def hashed(value: str) -> None:
        if session.user is user and not user.registered and chat.accounts.get(user.name.key) is None:
            now = chat.now()
            put, undo_account = chat.accounts.put(Account(user.name.shown, value, now, now))
            user.registered = True
            owned = [room for room in user.rooms if room.members[user] is Role.OWNER]
            for room in owned:
                room.roles[user.name.key] = Role.OWNER

            def undo() -> None:
                user.registered = False
                for room in owned:
                    room.roles.pop(user.name.key, None)
                undo_account()

            steps: list[Step] = [put]
            for room in owned:
                steps += chat.keep_room(room)
            text = f"The name {user.name.shown} is yours now: it will be asked for its password."
            steps.append(Answer(session, "account", text, {"account": user.name.shown}))
            chat.outbox.add(Act(session, steps, undo))
        session.ready()

    session.busy = True
    chat.authenticator.hash(password, hashed)


def log_in(chat: Chat, session: Session, text: str, password: str) -> None:
    """Prove to be the owner of an account: at the prompts, or later, as somebody else until then. Answered when the
    password has been checked. A wrong name and a wrong password look alike, and take the same time.

    @raise Refused: C{"bad-name"} or C{"logged-in"}.
    """
    name = parse_name(text)
    user = session.user
    if user is not None and user.registered:
        raise Refused("logged-in", f"You are logged in as {user.name.shown} already; /logout first.")
    account = chat.accounts.get(name.key)

    hashed = account.password if account else ""

    def checked(right: bool | Refused) -> None:
        if session.alive and session.user is user:
            _checked(chat, session, name, hashed, right)
        session.ready()

    session.busy = True
    chat.authenticator.check(session.address, name, hashed, password[:1000], checked)


def _checked(chat: Chat, session: Session, name: Name, hashed: str, right: bool | Refused) -> None:
    user = session.user
    try:
        account = chat.accounts.get(name.key)
        # While it was checked, the account may have been erased, or been given another password.
        if isinstance(right, Refused):
            raise right
        if not right or (account.password if account else "") != hashed:
            raise WRONG
        if account is None:
            account = _adopt(chat, session, name)
        presence.check_admitted(chat, session, name, account)
        if user is not None:
            _become(chat, session, name, account)
        else:
            presence.enter(chat, session, name, account)
    except Refused as why:
        if user is not None:
            chat.refuse(session, why)
        else:
            chat.answer(session, "!! " + why.sentence, "login")


def _adopt(chat: Chat, session: Session, name: Name) -> Account:
    """An account for someone whom outside authentication knows, at the first login here."""
    twin = chat.accounts.lookalike(name)
    if twin is not None:
        raise Refused("confusable", f"The name {name.shown} looks too much like {twin.name}.")
    now = chat.now()
    account = Account(name.shown, "", now, now)
    put, undo = chat.accounts.put(account)
    chat.outbox.add(Act(session, [put], undo))
    return account


def _become(chat: Chat, session: Session, name: Name, account: Account) -> None:
    """A guest turns out to be the owner of an account: leaves as the one, and comes in as the other."""
    guest = session.user
    assert guest is not None
    if guest.name.key == name.key and not guest.registered:
        # A guest of that very name, from before the account was made elsewhere.
        guest.registered = True
        chat.answer(session, f"You are logged in as {account.name}.", "account", {"account": account.name})
        return
    rooms = guest.rooms
    presence.lost(chat, session, f"is {account.name}")
    presence.enter(chat, session, name, account)
    user = session.user
    if user is None:
        return
    for room in rooms:
        if room.name in chat.rooms and user not in room.members:
            try:
                presence.join(chat, session, room.name)
            except Refused as why:
                chat.refuse(session, why)


def change_password(chat: Chat, session: Session, old: str, new: str) -> None:
    """Change one's password. Answered when both have been seen to.

    @raise Refused: C{"not-registered"}, C{"bad-password"} or C{"outside"}.
    """
    user = chat.user(session)
    account = chat.account_of(user)
    if account is None:
        raise Refused("not-registered", "You have no account. /register PASSWORD makes one of your name.")
    if not account.password:
        raise Refused("outside", "Your password is kept elsewhere, and cannot be changed here.")
    check_password(new)

    def hashed(value: str) -> None:
        if chat.accounts.get(user.name.key) is not None:
            put, undo = chat.accounts.change(user.name.key, password=value)
            chat.outbox.add(Act(session, [put, Answer(session, "info", "Your password is changed.")], undo))
        session.ready()

    def checked(right: bool | Refused) -> None:
        if right is True:
            chat.authenticator.hash(new, hashed)
            return
        if session.user is user:
            wrong = Refused("wrong-password", "The old password is wrong.")
            chat.refuse(session, right or wrong)
        session.ready()

    session.busy = True
    chat.authenticator.check(session.address, user.name, account.password, old[:1000], checked)


def log_out(chat: Chat, session: Session) -> None:
    """Be nobody again: the connection is asked for a name, as at its beginning.

    @raise Refused: C{"not-logged-in"}.
    """
    chat.user(session)
    presence.lost(chat, session)
    chat.outbox.add(Act(session, [Focus(session, None), Answer(session, "login", "-- You are logged out.")]))

