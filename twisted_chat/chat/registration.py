"""Accounts: making one, logging in and out, changing a password."""

from __future__ import annotations

from collections.abc import Callable

from . import certificates, identity, presence
from .accounts import Account, check_password
from .acts import Act, Answer, Focus, Session
from .chat import Chat
from .errors import Refused
from .names import Name, parse_name

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
    if chat.authenticator.outside:
        # Or anyone could take, as a guest, a name that somebody has there.
        raise Refused("outside", "Accounts are kept elsewhere: /login NAME PASSWORD, with your password there.")
    check_password(password)

    def hashed(value: str | Refused) -> None:
        if isinstance(value, Refused):
            chat.refuse(session, value)
        elif session.user is user and chat.accounts.get(user.name.key) is not None:
            chat.refuse(session, Refused("registered", f"The name {user.name.shown} is registered: /login with it."))
        elif session.user is user:
            now = chat.now()
            made = chat.accounts.put(Account(user.name.shown, value, now, now))
            text = f"The name {user.name.shown} is yours now: it will be asked for its password."
            identity.own(chat, session, user, made, Answer(session, "account", text, {"account": user.name.shown}))
        session.ready()

    session.busy = True
    chat.authenticator.hash(session.address, password, hashed)


def prove(
    chat: Chat,
    session: Session,
    name: Name,
    password: str,
    then: Callable[[Account], None],
    otherwise: Callable[[Refused], None],
) -> None:
    """Check whether someone is the owner of an account. A wrong name and a wrong password look alike, and take the same
    time. The session is busy until then; one of the two is called once, unless the session is gone, or somebody
    else's.

    @param then: called with the account.
    @param otherwise: called with why not: C{"wrong-password"}, C{"slow-down"}, C{"banned"} or C{"suspended"}.
    """
    user = session.user
    account = chat.accounts.get(name.key)
    hashed = account.password if account else ""

    def checked(right: bool | Refused) -> None:
        try:
            if not session.alive or session.user is not user:
                return
            try:
                proved = _proved(chat, session, name, hashed, right)
                presence.check_admitted(chat, session, name, proved)
            except Refused as why:
                otherwise(why)
            else:
                then(proved)
        finally:
            session.ready()

    session.busy = True
    chat.authenticator.check(session.address, name, hashed, password[:1000], checked)


def _proved(chat: Chat, session: Session, name: Name, hashed: str, right: bool | Refused) -> Account:
    account = chat.accounts.get(name.key)
    # While it was checked, the account may have been erased, or been given another password.
    if isinstance(right, Refused):
        raise right
    if not right or (account.password if account else "") != hashed:
        raise WRONG
    return account if account is not None else _adopt(chat, session, name)


def log_in(chat: Chat, session: Session, text: str, password: str) -> None:
    """Prove to be the owner of an account: at the prompts, or later, as somebody else until then. Answered when the
    password has been checked. A wrong name and a wrong password look alike, and take the same time.

    @raise Refused: C{"bad-name"} or C{"logged-in"}.
    """
    name = parse_name(text)
    user = session.user
    if user is not None and user.registered:
        raise Refused("logged-in", f"You are logged in as {user.name.shown} already; /logout first.")

    def proved(account: Account) -> None:
        try:
            if user is not None:
                identity.become(chat, session, account)
            else:
                presence.enter(chat, session, name, account)
        except Refused as why:
            otherwise(why)

    def otherwise(why: Refused) -> None:
        if session.user is not None:
            chat.refuse(session, why)
        else:
            chat.answer(session, "!! " + why.sentence, "login")

    prove(chat, session, name, password, proved, otherwise)


def log_in_by_certificate(chat: Chat, session: Session, fingerprint: str | None, text: str | None = None) -> None:
    """Log in to the account that a certificate opens, without a password.

    @param fingerprint: of the certificate that the connection has shown (L{Session.certificate}).
    @param text: the account's name; C{None}: the certificate says whose it is.
    @raise Refused: C{"no-certificate"}, C{"wrong-certificate"}, C{"logged-in"}, C{"bad-name"}, C{"banned"} or
        C{"suspended"}.
    """
    user = session.user
    if user is not None and user.registered:
        raise Refused("logged-in", f"You are logged in as {user.name.shown} already; /logout first.")
    account = certificates.owner(chat, fingerprint, parse_name(text) if text is not None else None)
    name = parse_name(account.name)
    presence.check_admitted(chat, session, name, account)
    if user is not None:
        identity.become(chat, session, account)
    else:
        presence.enter(chat, session, name, account)


def _adopt(chat: Chat, session: Session, name: Name) -> Account:
    """An account for someone whom outside authentication knows, at the first login here."""
    chat.check_free(name, chat.users.get(name.key))
    now = chat.now()
    account = Account(name.shown, "", now, now)
    put, undo = chat.accounts.put(account)
    chat.outbox.add(Act(session, [put], undo))
    return account


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

    def hashed(value: str | Refused) -> None:
        if isinstance(value, Refused):
            chat.refuse(session, value)
        elif chat.accounts.get(user.name.key) is not None:
            put, undo = chat.accounts.change(user.name.key, password=value)
            chat.outbox.add(Act(session, [put, Answer(session, "info", "Your password is changed.")], undo))
        session.ready()

    def checked(right: bool | Refused) -> None:
        if right is True:
            chat.authenticator.hash(session.address, new, hashed)
            return
        if session.user is user:
            wrong = Refused("wrong-password", "The old password is wrong.")
            chat.refuse(session, right or wrong)
        session.ready()

    session.busy = True
    chat.authenticator.check(session.address, user.name, account.password, old[:1000], checked)


def log_out(chat: Chat, session: Session) -> None:
    """Be nobody again: the connection is asked for a name, as at its beginning; or, where a protocol cannot ask, a
    guest.

    @raise Refused: C{"not-logged-in"}, or as L{identity.step_down}.
    """
    chat.user(session)
    if session.arrival is not None:
        identity.step_down(chat, session)
        return
    presence.lost(chat, session)
    chat.strangers.add(session)
    chat.outbox.add(Act(session, [Focus(session, None), Answer(session, "login", "-- You are logged out.")]))
