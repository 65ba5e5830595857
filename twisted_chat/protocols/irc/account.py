"""Making an account by a command of the client: REGISTER. IRCv3 draft/account-registration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...chat import registration
from ...chat.accounts import Account
from ...chat.acts import Step
from ...chat.errors import Refused
from ...chat.names import Name, parse_name
from .message import Message
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

# By the code of a refusal: how the specification calls it.
_CODES = {
    "registered": "ACCOUNT_EXISTS",
    "name-in-use": "ACCOUNT_EXISTS",
    "confusable": "ACCOUNT_EXISTS",
    "bad-name": "BAD_ACCOUNT_NAME",
    "reserved": "BAD_ACCOUNT_NAME",
    "own-name": "ACCOUNT_NAME_MUST_BE_NICK",
    "bad-password": "WEAK_PASSWORD",
    "slow-down": "TEMPORARILY_UNAVAILABLE",
    "no-registration": "TEMPORARILY_UNAVAILABLE",
    "no-guests": "TEMPORARILY_UNAVAILABLE",
    "outside": "TEMPORARILY_UNAVAILABLE",
}


@verb("REGISTER", 1, early=True, cost=5)
def register(connection: IRCProtocol, message: Message) -> None:
    """Makes your nick an account: REGISTER * * password. An address in the middle is not kept. REGISTER password is the
    chat's own command."""
    if len(message.params) < 3:
        if len(message.params) == 1 and connection.registration is None:
            connection.run_slash(message)
        else:
            connection.reply(461, message.command, text="Not enough parameters")
        return
    wanted, _, password = message.params[:3]
    before = connection.registration
    if before is None and connection.user.registered:
        text = f"You are logged in to the account {connection.nick} already."
        connection.fail("REGISTER", "ALREADY_AUTHENTICATED", connection.nick, text=text)
        return
    if before is not None and not before.nick:
        connection.fail("REGISTER", "NEED_NICK", "*", text="Say a nick first.")
        return
    shown = connection.nick if wanted == "*" else wanted

    def refused(why: Refused) -> None:
        connection.fail("REGISTER", _CODES.get(why.code, "UNACCEPTABLE_ACCOUNT_NAME"), shown, text=why.sentence)

    def made(account: Account) -> Sequence[Step]:
        text = f"{account.name} is your account now."
        lines = [f":{connection.server} REGISTER SUCCESS {account.name} :{text}"]
        if before is not None:
            before.account = account
            who = f"{account.name}!{before.ident or '*'}@{connection.chat.cloak(connection.session.address)}"
            lines.append(connection.numeric(900, who, account.name, text=f"You are now logged in as {account.name}"))
        return [connection.answer(lines)]

    try:
        name: Name | None = parse_name(shown)
        if before is not None and name is not None and name.key != parse_name(before.nick).key:
            raise Refused("own-name", f"An account has the name that you have, which is {before.nick}.")
        if before is None and name is not None and name.key == connection.user.name.key:
            # As it is written by who has it.
            name = None
        registration.register(connection.chat, connection.session, password, name, made, refused)
    except Refused as why:
        refused(why)


@verb("VERIFY", 2, early=True)
def verify(connection: IRCProtocol, message: Message) -> None:
    """Is not needed: an account is made as soon as REGISTER has said so."""
    connection.fail("VERIFY", "INVALID_CODE", message.params[0], text="There is nothing to verify.")
