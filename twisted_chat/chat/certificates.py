"""Certificates: who can show one, with its key, need not know a password."""

from __future__ import annotations

from .accounts import Account
from .acts import Act, Answer, Session
from .chat import Chat, counted
from .errors import Refused
from .names import Name

MAX_CERTIFICATES = 10
NONE_SHOWN = Refused("no-certificate", "This connection shows no certificate: connect with TLS, and one of yours.")


def owner(chat: Chat, fingerprint: str | None, name: Name | None) -> Account:
    """The account that a certificate opens.

    @param fingerprint: what the connection has shown (L{Session.certificate}).
    @param name: the account's name; C{None}: whichever it is.
    @raise Refused: C{"no-certificate"}, or C{"wrong-certificate"}: there is no such account, or it is another's.
    """
    if fingerprint is None:
        raise NONE_SHOWN.again()
    account = chat.accounts.by_certificate(fingerprint)
    if account is None or (name is not None and chat.accounts.get(name.key) is not account):
        raise Refused("wrong-certificate", "This certificate belongs to no such account.")
    return account


def opens(chat: Chat, session: Session, name: Name) -> bool:
    """Whether the certificate that a connection shows opens the account of this name."""
    account = chat.accounts.get(name.key)
    return account is not None and session.certificate is not None and session.certificate in account.certificates


def show(chat: Chat, session: Session) -> None:
    """Tell someone which certificates open their account.

    @raise Refused: C{"not-registered"}.
    """
    account = _own(chat, session)
    lines = [f"Your account is opened by {counted(len(account.certificates), 'certificate')}."]
    lines += [one + (" (this connection)" if one == session.certificate else "") for one in account.certificates]
    if session.certificate is not None and session.certificate not in account.certificates:
        lines.append("/cert add adds the one that this connection shows.")
    data: dict[str, object] = {"certificates": list(account.certificates), "shown": session.certificate}
    chat.answer(session, "\n".join(lines), "certificates", data)


def add(chat: Chat, session: Session) -> None:
    """Let the certificate that this connection shows open one's account.

    @raise Refused: C{"not-registered"}, C{"no-certificate"}, C{"certificate-in-use"} or C{"too-many-certificates"}.
    """
    account, shown = _own(chat, session), session.certificate
    if shown is None:
        raise NONE_SHOWN.again()
    if shown in account.certificates:
        raise Refused("certificate-in-use", "This certificate opens your account already.")
    if chat.accounts.by_certificate(shown) is not None:
        raise Refused("certificate-in-use", "This certificate opens another account.")
    if len(account.certificates) >= MAX_CERTIFICATES:
        raise Refused("too-many-certificates", f"An account has at most {MAX_CERTIFICATES} certificates.")
    _change(chat, session, (*account.certificates, shown), f"The certificate {shown} opens your account now.")


def remove(chat: Chat, session: Session, fingerprint: str) -> None:
    """Let a certificate no longer open one's account.

    @param fingerprint: as it is listed, or as programs write it, with colons and in capitals.
    @raise Refused: C{"not-registered"} or C{"no-such-certificate"}.
    """
    account, wanted = _own(chat, session), fingerprint.replace(":", "").lower()
    if wanted not in account.certificates:
        raise Refused("no-such-certificate", "That certificate does not open your account. /cert lists those that do.")
    left = tuple(one for one in account.certificates if one != wanted)
    _change(chat, session, left, f"The certificate {wanted} no longer opens your account.")


def _own(chat: Chat, session: Session) -> Account:
    account = chat.account_of(chat.user(session))
    if account is None:
        raise chat.account_needed("You have no account.")
    return account


def _change(chat: Chat, session: Session, certificates: tuple[str, ...], told: str) -> None:
    put, undo = chat.accounts.change(chat.user(session).name.key, certificates=certificates)
    data = {"certificates": list(certificates), "shown": session.certificate}
    chat.outbox.add(Act(session, [put, Answer(session, "certificates", told, data)], undo))
