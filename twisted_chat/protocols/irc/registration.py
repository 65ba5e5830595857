"""Registration: who a client says to be, and what it is told when it is in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...chat import metadata, presence
from ...chat import registration as accounts
from ...chat.accounts import Account
from ...chat.acts import Step
from ...chat.chat import Chat
from ...chat.errors import Refused
from ...chat.events import Card
from ...chat.names import parse_name
from ...chat.rooms import User
from ...chat.status import MAX_REALNAME
from ...chat.text import clean
from ..webirc import relayed
from . import sasl
from .capabilities import CAPABILITIES, STICKY
from .greeting import greeting
from .message import MAX_IDENT, Message, cut
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol


class Registration:
    """What a client has said of itself before it is in.

    @ivar nick: the name it wants; empty before NICK.
    @ivar ident, realname: of USER; ident is empty before.
    @ivar password: of PASS.
    @ivar negotiating: whether CAP END is still to come.
    @ivar account: which account it has shown to own.
    @ivar away: what it has said of being away; empty: that it is not.
    @ivar metadata: what it has set of itself, by key.
    """

    def __init__(self, connection: IRCProtocol) -> None:
        self._connection = connection
        self.nick = ""
        self.ident = ""
        self.realname = ""
        self.password: str | None = None
        self.negotiating = False
        self.account: Account | None = None
        self.away: str | None = None
        self.metadata: dict[str, str] = {}

    def go_on(self) -> None:
        """Come in, if all is said that is needed."""
        connection = self._connection
        if not self.nick or not self.ident or self.negotiating:
            return
        chat, session = connection.chat, connection.session
        self.account = _still(chat, self.account)
        name = parse_name(self.account.name if self.account is not None else self.nick)
        password, self.password = self.password, None
        if self.account is None and password:
            owner, colon, secret = password.partition(":")
            if colon and _has_account(chat, owner):
                name, password = parse_name(owner), secret
        if self.account is None and password and (_has_account(chat, name.shown) or chat.authenticator.outside):

            def proved(account: Account) -> None:
                self.account = account
                self.go_on()

            accounts.prove(chat, session, name, password, proved, self._refuse_password)
            return
        card = Card(self.ident, chat.cloak(session.address), False, self.realname)
        try:
            presence.enter(chat, session, name, self.account, card, self._welcome, self.away)
        except Refused as why:
            connection.refuse(why, self.nick, {"banned": 465, "suspended": 465, "no-guests": 464})
            if why.code in ("banned", "suspended", "no-guests"):
                chat.hang_up(session, why.sentence)
            else:
                self.nick = ""
            return
        if self.metadata and session.user is not None:
            connection.attempt("*", metadata.put, chat, session, session.user, self.metadata)

    def _refuse_password(self, why: Refused) -> None:
        self._connection.refuse(why, self.nick, {"wrong-password": 464})
        self.nick = ""

    def _welcome(self, user: User) -> Sequence[Step]:
        """They are in: the lines with which IRC says so."""
        connection = self._connection
        connection.registration = None
        return [connection.answer(greeting(connection, user, self.metadata))]


def _still(chat: Chat, account: Account | None) -> Account | None:
    """An account as it is now; C{None} if it was erased since."""
    now = chat.accounts.get(parse_name(account.name).key) if account is not None else None
    return now if now is not None and account is not None and now.created == account.created else None


def _has_account(chat: Chat, text: str) -> bool:
    try:
        return chat.accounts.get(parse_name(text).key) is not None
    except Refused:
        return False


@verb("CAP", 1, early=True)
def cap(connection: IRCProtocol, message: Message) -> None:
    """Which capabilities there are, and which the client wants. IRCv3 capability negotiation."""
    registration = connection.registration
    subcommand, rest = message.params[0].upper(), message.params[1:]
    if subcommand in ("LS", "REQ") and registration is not None:
        registration.negotiating = True
    if subcommand == "LS":
        values = bool(rest) and rest[0].isdecimal() and int(rest[0][:9]) >= 302
        if values:
            connection.caps |= STICKY
        shown = {**connection.factory.offered, "sasl": ",".join(sasl.mechanisms(connection))}
        _list(connection, "LS", [f"{n}={v}" if v and values else n for n, v in shown.items()], values)
    elif subcommand == "LIST":
        _list(connection, "LIST", sorted(connection.caps), True)
    elif subcommand == "REQ" and rest:
        asked = rest[0].split()
        on = frozenset(word for word in asked if not word.startswith("-"))
        off = frozenset(word[1:] for word in asked if word.startswith("-"))
        known = on <= connection.factory.offered.keys() and off <= CAPABILITIES.keys()
        if known and not (off & STICKY & connection.caps):
            connection.set_caps((connection.caps | on) - off)
            _say(connection, "ACK", rest[0])
        else:
            _say(connection, "NAK", rest[0])
    elif subcommand == "END":
        if registration is not None and registration.negotiating:
            registration.negotiating = False
            sasl.abandon(connection)
            registration.go_on()
    else:
        connection.reply(410, message.params[0], text="Invalid CAP command")


def _list(connection: IRCProtocol, subcommand: str, words: list[str], several: bool) -> None:
    lines: list[str] = [""]
    for word in words:
        if len(lines[-1]) + len(word) > 400:
            if not several:
                # One line is all that such clients take: who wants the others asks with LS 302.
                break
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    for line in lines[:-1]:
        connection.lines([f":{connection.server} CAP {connection.nick} {subcommand} * :{line}"])
    _say(connection, subcommand, lines[-1])


def _say(connection: IRCProtocol, subcommand: str, text: str) -> None:
    connection.lines([f":{connection.server} CAP {connection.nick} {subcommand} :{clean(text)}"])


@verb("PASS", 1, early=True)
def password(connection: IRCProtocol, message: Message) -> None:
    """The password of the account whose name is given as nick; or that of any: PASS account:password."""
    if connection.registration is None:
        connection.reply(462, text="You may not reregister")
    else:
        connection.registration.password = message.params[0]


@verb("WEBIRC", 4, early=True)
def webirc(connection: IRCProtocol, message: Message) -> None:
    """From a gateway: for whom it connects. IRCv3's webirc extension."""
    limits, session = connection.factory.gate.limits, connection.session
    if connection.registration is None:
        connection.reply(462, text="You may not reregister")
        return
    address = relayed(limits.gateways, session.address, message.params)
    if address is None:
        connection.chat.hang_up(session, "WEBIRC: you are no gateway of this server.")
    else:
        connection.relocate(address)


@verb("NICK", early=True)
def nick(connection: IRCProtocol, message: Message) -> None:
    """Takes a name, or another one."""
    if not message.params or not message.params[0]:
        connection.reply(431, text="No nickname given")
        return
    wanted, registration = message.params[0], connection.registration
    if registration is None:
        if wanted != connection.nick:
            connection.attempt(wanted, presence.rename, connection.chat, connection.session, wanted)
        return

    def take() -> None:
        name = parse_name(wanted)
        if connection.chat.accounts.get(name.key) is None and registration.account is None:
            connection.chat.check_free(name)
        registration.nick = name.shown

    if connection.attempt(wanted, take):
        registration.go_on()


@verb("USER", 4, early=True)
def user(connection: IRCProtocol, message: Message) -> None:
    """Says who one is: USER ident 0 * :realname."""
    registration = connection.registration
    if registration is None:
        connection.reply(462, text="You may not reregister")
        return
    if not message.params[3].strip():
        connection.reply(461, "USER", text="Not enough parameters")
        return
    ident = re.sub(r"[^A-Za-z0-9_.-]", "", message.params[0])[:MAX_IDENT]
    registration.ident = "~" + ident if ident else "~user"
    registration.realname = cut(clean(message.params[3]), MAX_REALNAME)
    registration.go_on()


@verb("QUIT", early=True)
def quit(connection: IRCProtocol, message: Message) -> None:
    """Leaves everything."""
    reason = clean(message.params[0])[:200] if message.params else ""
    presence.quit(connection.chat, connection.session, f"Quit: {reason}" if reason else "Quit")


@verb("PING", 1, early=True)
def ping(connection: IRCProtocol, message: Message) -> None:
    """Asks whether the server is there."""
    token = clean(message.params[0])
    connection.lines([f":{connection.server} PONG {connection.server} :{token}"])


@verb("PONG", early=True)
def pong(connection: IRCProtocol, message: Message) -> None:
    """Answers the server's PING."""


Welcome = Callable[[User], Sequence[Step]]
