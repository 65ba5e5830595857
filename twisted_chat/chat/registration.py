"""Accounts: making one, logging in and out, changing a password."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from . import certificates, identity, ownership, presence, scram
from .accounts import Account, Secret, check_password
from .acts import Act, Answer, Focus, Session, Step
from .chat import Chat
from .errors import Refused
from .events import Put
from .names import Name, parse_name

WRONG = Refused("wrong-password", "Wrong name or password.")
CLOSED = Refused("no-registration", "Nobody can register here: the operator makes the accounts.")


def asks_password(chat: Chat, name: Name) -> bool:
    """Whether someone who gives this name at the prompt is to be asked for a password."""
    return chat.accounts.get(name.key) is not None or not chat.guests


def is_open(chat: Chat) -> bool:
    """Whether whoever comes may make an account."""
    return chat.registration and chat.guests and not chat.authenticator.outside


def register(
    chat: Chat,
    session: Session,
    password: str,
    name: Name | None = None,
    then: Callable[[Account], Sequence[Step]] = lambda account: (),
    otherwise: Callable[[Refused], None] | None = None,
) -> None:
    """Make an account of the name that one has. Answered when the password has been hashed.

    @param name: the account's name, for those who have not come in yet.
    @param then: called with the account when it is made, makes what else the session is told.
    @param otherwise: called with why not, if that is found out later; by default, the session is told.
    @raise Refused: C{"registered"}, C{"own-name"}, C{"bad-password"}, C{"outside"} or C{"no-registration"}; or as
        L{presence.check_admitted} and C{Chat.check_free}.
    """
    user = session.user if name is not None else chat.user(session)
    wanted = name or chat.user(session).name
    if user is not None and user.registered:
        raise Refused("registered", f"You are logged in to the account {user.name.shown} already.")
    if user is not None and user.name.key != wanted.key:
        raise Refused("own-name", f"An account has the name that you have, which is {user.name.shown}.")
    if chat.authenticator.outside:
        # Or anyone could take, as a guest, a name that somebody has there.
        raise Refused("outside", "Accounts are kept elsewhere: /login NAME PASSWORD, with your password there.")
    if not chat.registration:
        raise CLOSED.again()
    check_password(password, chat.shortest_password)
    _check_new(chat, session, wanted)

    def made(secret: Secret) -> None:
        _check_new(chat, session, wanted)
        now = chat.now()
        # Direct messages to who had the name before are not for this one.
        account = Account(wanted.shown, secret.hashed, now, now, inbox=chat.outbox.position, scram=secret.scram)
        if user is not None:
            account = account._replace(metadata=user.metadata)
        change = put, undo = chat.accounts.put(account)
        if user is None:
            chat.outbox.add(Act(session, [put, *then(account)], undo))
            return
        text = f"The name {wanted.shown} is yours now: it will be asked for its password."
        told = Answer(session, "account", text, {"account": wanted.shown})
        identity.own(chat, session, user, change, told, then(account))

    def hashed(value: Secret | Refused) -> None:
        try:
            if session.user is user and session.alive:
                if isinstance(value, Refused):
                    raise value.again()
                made(value)
        except Refused as why:
            (otherwise or partial(chat.refuse, session))(why)
        finally:
            session.ready()

    session.busy = True
    chat.authenticator.hash(session.address, password, hashed)


def _check_new(chat: Chat, session: Session, name: Name) -> None:
    """Whether someone may make an account of a name.

    @raise Refused: as L{register}.
    """
    if chat.accounts.get(name.key) is not None:
        raise Refused("registered", f"The name {name.shown} is registered: /login with it.")
    if session.user is None:
        presence.check_admitted(chat, session, name, None)
        chat.check_free(name)


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
                _complete(chat, proved, password)
        finally:
            session.ready()

    session.busy = True
    chat.authenticator.check(session.address, name, hashed, password[:1000], checked)


def _complete(chat: Chat, account: Account, password: str) -> None:
    """Keep what else is stored of a password, of an account from before there was that."""
    if account.scram or not account.password:
        return
    key = parse_name(account.name).key

    def done(secret: Secret) -> None:
        now = chat.accounts.get(key)
        if now is not None and now.password == secret.hashed:
            chat.outbox.add(Act(None, [chat.accounts.note(key, scram=secret.scram)], fact=True))

    chat.authenticator.complete(account.password, password, done)


def prove_by_scram(
    chat: Chat,
    session: Session,
    name: Name,
    right: Callable[[], bool],
    then: Callable[[Account], None],
    otherwise: Callable[[Refused], None],
) -> None:
    """As L{prove}, for someone who has shown to know the password without sending it.

    @param right: whether they have.
    """
    user, account = session.user, chat.accounts.get(name.key)

    def checked(shown: bool | Refused) -> None:
        try:
            if not session.alive or session.user is not user:
                return
            now = chat.accounts.get(name.key)
            try:
                if isinstance(shown, Refused):
                    raise shown
                if not shown or now is None or account is None or now.scram != account.scram:
                    raise WRONG.again()
                presence.check_admitted(chat, session, name, now)
            except Refused as why:
                otherwise(why)
            else:
                then(now)
        finally:
            session.ready()

    session.busy = True
    chat.authenticator.attempt(session.address, name, right, checked)


def verifier(chat: Chat, name: Name) -> scram.Verifier:
    """What a password is compared with without being sent; for names without one something that looks like it."""
    account = chat.accounts.get(name.key)
    if not chat.scram_secret:
        # Kept, or names without an account would be told by looking different after a restart.
        chat.scram_secret = chat.authenticator.random(32)
        chat.outbox.add(Act(None, [Put("secret", "scram", {"scram": chat.scram_secret.hex()})], fact=True))
    return scram.from_record(account.scram if account else "") or scram.pretend(chat.scram_secret, name.key)


def _proved(chat: Chat, session: Session, name: Name, hashed: str, right: bool | Refused) -> Account:
    account = chat.accounts.get(name.key)
    # While it was checked, the account may have been erased, or been given another password.
    if isinstance(right, Refused):
        raise right.again()
    if not right or (account.password if account else "") != hashed:
        raise WRONG.again()
    return account if account is not None else _adopt(chat, session, name)


def log_in(chat: Chat, session: Session, text: str, password: str, then: Callable[[], None] = lambda: None) -> None:
    """Prove to be the owner of an account: at the prompts, or later, as somebody else until then. Answered when the
    password has been checked. A wrong name and a wrong password look alike, and take the same time.

    @param then: called when that is done.
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
            then()
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
        raise chat.account_needed("You have no account.")
    if not account.password:
        raise Refused("outside", "Your password is kept elsewhere, and cannot be changed here.")
    check_password(new, chat.shortest_password)

    def hashed(value: Secret | Refused) -> None:
        if isinstance(value, Refused):
            chat.refuse(session, value)
        elif (now := chat.accounts.get(user.name.key)) is not None and now.password == account.password:
            put, undo = chat.accounts.change(user.name.key, password=value.hashed, scram=value.scram)
            chat.outbox.add(Act(session, [put, Answer(session, "info", "Your password is changed.")], undo))
        elif session.user is user:
            # It has been changed meanwhile, or the account is another one by now.
            chat.refuse(session, WRONG.again())
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
    chat.watching.forget(session)
    chat.subscriptions.forget(session)
    chat.outbox.add(Act(session, [Focus(session, None), Answer(session, "login", "-- You are logged out.")]))


def unregister(chat: Chat, session: Session, password: str) -> None:
    """Give up one's account. Answered when the password has been checked.

    @raise Refused: C{"not-registered"} or C{"outside"}.
    """
    user = chat.user(session)
    account = chat.account_of(user)
    if account is None:
        raise Refused("not-registered", "You have no account.")
    if not account.password:
        raise Refused("outside", "Your account is kept elsewhere.")

    def proved(account: Account) -> None:
        try:
            ownership.drop_account(chat, session, account)
        except Refused as why:
            chat.refuse(session, why)

    def otherwise(why: Refused) -> None:
        # Here the name is one's own.
        chat.refuse(session, Refused(why.code, "The password is wrong.") if why.code == WRONG.code else why)

    prove(chat, session, user.name, password, proved, otherwise)


def ghost(chat: Chat, session: Session, text: str | None, password: str | None) -> None:
    """End all other connections of an account: one's own, or after logging in to it.

    @param text: the account's name; C{None}: one's own.
    @raise Refused: C{"not-registered"}, C{"usage"}, or as L{log_in}.
    """
    user = chat.user(session)
    if text is None or (user.registered and parse_name(text).key == user.name.key):
        ownership.end_others(chat, session)
    elif password is None:
        raise Refused("usage", "Usage: /ghost, or /ghost NAME PASSWORD")
    else:
        log_in(chat, session, text, password, lambda: ownership.end_others(chat, session))
