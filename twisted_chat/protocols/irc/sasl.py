"""Logging in by SASL: AUTHENTICATE. IRCv3 sasl-3.1 and sasl-3.2.

The mechanisms are PLAIN (RFC 4616), SCRAM-SHA-256 (RFC 5802 and RFC 7677) and EXTERNAL (RFC 4422, appendix A).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...chat import certificates, identity, presence, scram
from ...chat import registration as accounts
from ...chat.accounts import Account
from ...chat.chat import Chat
from ...chat.errors import Refused
from ...chat.names import parse_name
from ...chat.text import clean
from .message import Message
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

# IRCv3 sasl-3.1: what is longer comes in several pieces; a piece of less ends it.
CHUNK = 400
# All pieces together, in base64: far more than the longest name and password take.
MAX_RESPONSE = 4 * CHUNK * 2

# What a client said, decoded; raises Refused, or sees to it that something is answered.
Receive = Callable[["Exchange", bytes], None]
WRONG = Refused("wrong-password", "SASL authentication failed")


class Exchange:
    """One attempt to log in.

    @ivar receive: takes what the client says next.
    @ivar connection: whose attempt this is.
    """

    def __init__(self, connection: IRCProtocol, receive: Receive) -> None:
        self.connection = connection
        self.receive = receive
        self._pieces = ""

    def take(self, piece: str) -> None:
        """
        @param piece: the parameter of AUTHENTICATE.
        @raise Refused: it fails.
        """
        if piece != "+":
            self._pieces += piece
        if len(self._pieces) > MAX_RESPONSE:
            raise WRONG.again()
        if len(piece) == CHUNK:
            return
        said, self._pieces = self._pieces, ""
        try:
            data = b64decode(said, validate=True)
        except ValueError:
            raise WRONG.again() from None
        self.receive(self, data)

    def challenge(self, data: bytes) -> None:
        """Tell the client what the mechanism says."""
        text = b64encode(data).decode()
        pieces = [text[i : i + CHUNK] for i in range(0, len(text), CHUNK)]
        if not pieces or len(pieces[-1]) == CHUNK:
            pieces.append("+")
        self.connection.lines([f"AUTHENTICATE {piece}" for piece in pieces])

    def succeed(self, account: Account) -> None:
        """The client is the owner of this account.

        @raise Refused: they may not come in.
        """
        connection = self.connection
        connection.sasl = None
        if connection.registration is None:
            done = connection.numeric(903, text="SASL authentication successful")
            identity.become(connection.chat, connection.session, account, [connection.answer([done])])
            return
        presence.check_admitted(connection.chat, connection.session, parse_name(account.name), account)
        connection.registration.account = account
        ident = connection.registration.ident or "*"
        who = f"{connection.nick}!{ident}@{connection.chat.cloak(connection.session.address)}"
        connection.reply(900, who, account.name, text=f"You are now logged in as {account.name}")
        connection.reply(903, text="SASL authentication successful")

    def fail(self, why: Refused) -> None:
        """It has failed; the client may try again."""
        self.connection.sasl = None
        self.connection.reply(904, text=why.sentence)


def mechanisms(connection: IRCProtocol) -> list[str]:
    """The ways in which this client can log in."""
    return [name for name in _MECHANISMS if name != "EXTERNAL" or connection.session.certificate is not None]


def abandon(connection: IRCProtocol) -> None:
    """The client goes on without it."""
    if connection.sasl is not None:
        connection.sasl = None
        connection.reply(906, text="SASL authentication aborted")


@verb("AUTHENTICATE", 1, early=True, cost=2)
def authenticate(connection: IRCProtocol, message: Message) -> None:
    """Logs in: AUTHENTICATE mechanism, then what the mechanism says, in base64."""
    word, exchange = message.params[0], connection.sasl
    if word == "*":
        connection.sasl = None
        connection.reply(906, text="SASL authentication aborted")
    elif len(word) > CHUNK:
        connection.sasl = None
        connection.reply(905, text="SASL message too long")
    elif exchange is not None:
        try:
            exchange.take(word)
        except Refused as why:
            exchange.fail(why)
    elif word.upper() in mechanisms(connection):
        connection.sasl = Exchange(connection, _MECHANISMS[word.upper()])
        connection.sasl.challenge(b"")
    else:
        connection.reply(908, ",".join(mechanisms(connection)), text="are available SASL mechanisms")
        connection.reply(904, text="There is no such SASL mechanism")


def _plain(exchange: Exchange, data: bytes) -> None:
    """RFC 4616, section 2."""
    connection = exchange.connection
    try:
        authzid, authcid, password = data.decode().split("\0")
        name = parse_name(authcid)
        same = not authzid or parse_name(authzid).key == name.key
    except (ValueError, Refused):
        raise WRONG.again() from None
    if not password or not same:
        raise WRONG.again()
    prove(exchange, lambda then, no: accounts.prove(connection.chat, connection.session, name, password, then, no))


def prove(exchange: Exchange, begin: Callable[[Callable[[Account], None], Callable[[Refused], None]], None]) -> None:
    """Wait for an answer about an account.

    @param begin: called with what is to be called: with the account, or with why not.
    """

    def proved(account: Account) -> None:
        try:
            exchange.succeed(account)
        except Refused as why:
            exchange.fail(why)

    begin(proved, exchange.fail)


def _external(exchange: Exchange, data: bytes) -> None:
    """RFC 4422, appendix A: the certificate says who it is."""
    connection = exchange.connection
    try:
        name = parse_name(clean(data.decode())) if data else None
    except (ValueError, Refused):
        raise WRONG.again() from None
    exchange.succeed(certificates.owner(connection.chat, connection.session.certificate, name))


def _scram(exchange: Exchange, data: bytes) -> None:
    """RFC 5802, section 3: the client has said its name."""
    connection = exchange.connection
    chat, session = connection.chat, connection.session
    try:
        first = scram.read_first(data)
        name = parse_name(first.username)
        same = not first.authzid or parse_name(first.authzid).key == name.key
    except (ValueError, Refused):
        raise WRONG.again() from None
    if not same:
        raise WRONG.again()
    dialogue = scram.Dialogue(first, chat.authenticator.random(18), accounts.verifier(chat, name))
    signature: list[bytes] = []

    def proof(exchange: Exchange, data: bytes) -> None:
        def right() -> bool:
            shown = dialogue.check(data)
            signature.extend([shown] if shown is not None else [])
            return shown is not None

        def proved(account: Account) -> None:
            # The client may look now whether it is us; and has to say that it has.
            exchange.receive = lambda exchange, data: exchange.succeed(_still(chat, account))
            exchange.challenge(signature[0])

        accounts.prove_by_scram(chat, session, name, right, proved, exchange.fail)

    exchange.receive = proof
    exchange.challenge(dialogue.challenge.encode())


def _still(chat: Chat, account: Account) -> Account:
    """An account as it is now.

    @raise Refused: it is no longer the same one.
    """
    now = chat.accounts.get(parse_name(account.name).key)
    if now is None or now.scram != account.scram:
        raise WRONG.again()
    return now


_MECHANISMS: dict[str, Receive] = {"PLAIN": _plain, "SCRAM-SHA-256": _scram, "EXTERNAL": _external}
