"""What an operator orders from outside the chat, by the command line. An order is a record; its answer is another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import markers, presence
from .accounts import Account
from .acts import Act, Step
from .chat import Chat
from .errors import Refused
from .events import Put
from .names import parse_name

OPERATOR = "(operator)"


def execute(chat: Chat, key: str, order: Mapping[str, Any]) -> None:
    """Do what an order says, once: it is removed and answered in the same transaction.

    @param order: C{do}: one of C{register}, C{add-admin}, C{remove-admin}, C{reset-password}, C{suspend}, C{unsuspend}
        and C{erase}; C{name}: of the account; C{password} and C{scram}: what is stored of a new one
        (L{accounts.Secret}); C{reason}.
    """
    steps: list[Step] = []
    try:
        text = _do(chat, order, steps)
        ok = True
    except Refused as why:
        text, ok, steps = why.sentence, False, []
    chat.outbox.add(Act(None, [*steps, *_answered(key, text, ok)], fact=True))


def answer(chat: Chat, key: str, text: str) -> None:
    """An order that was done elsewhere is answered."""
    chat.outbox.add(Act(None, _answered(key, text, True), fact=True))


def _answered(key: str, text: str, ok: bool) -> list[Put]:
    return [Put("order", key, None), Put("answer", key, {"ok": ok, "text": text})]


def _do(chat: Chat, order: Mapping[str, Any], steps: list[Step]) -> str:
    what, name = order.get("do"), parse_name(str(order.get("name", "")))
    account = chat.accounts.get(name.key)
    reason = str(order.get("reason", ""))
    now = chat.now()
    if account is None and what in ("register", "add-admin") and order.get("password"):
        chat.check_free(name, chat.users.get(name.key))
        admin, scram = what == "add-admin", str(order.get("scram", ""))
        made = Account(name.shown, str(order["password"]), now, now, admin=admin, scram=scram)
        put, _ = chat.accounts.put(made)
        text = f"The account {name.shown} is made{', and administers the server' if admin else ''}."
    elif account is None:
        raise Refused("no-such-account", f"There is no account {name.shown}.")
    elif what == "register":
        raise Refused("registered", f"There is an account {account.name} already.")
    elif what in ("add-admin", "remove-admin"):
        put = chat.accounts.note(name.key, admin=what == "add-admin")
        text = f"{account.name} {'administers' if what == 'add-admin' else 'no longer administers'} the server."
    elif what == "reset-password" and order.get("password"):
        # Whoever has got hold of the account may have added a certificate, too.
        values = {"password": str(order["password"]), "scram": str(order.get("scram", "")), "certificates": ()}
        put = chat.accounts.note(name.key, **values)
        text = f"The password of {account.name} is changed."
        text += " Its certificates are removed." if account.certificates else ""
    elif what == "suspend":
        _drop(chat, name.key, f"This account is suspended{': ' + reason if reason else ''}.")
        put = chat.accounts.note(name.key, suspended=reason)
        text = f"{account.name} is suspended."
    elif what == "unsuspend":
        put = chat.accounts.note(name.key, suspended=None)
        text = f"{account.name} is no longer suspended."
    elif what == "erase":
        _drop(chat, name.key, "This account is erased.")
        chat.accounts.forget(name.key)
        steps += markers.forget(chat, name.key)
        put = Put("account", name.key, None)
        for room in list(chat.rooms.values()):
            said = room.topic_by.casefold() == account.name.casefold()
            room.topic_by = "" if said else room.topic_by
            if room.roles.pop(name.key, None) is not None or said:
                steps += chat.keep_room(room) or [Put("room", room.name, None)]
                chat.keep_if_used(room)
                steps += chat.close_rooms([room])
        text = f"The account {account.name} is erased."
    else:
        raise Refused("bad-order", f"There is no order {what}.")
    steps += [put, chat.audit(OPERATOR, f"{what}{': ' + reason if reason else ''}", name.shown)]
    return text


def _drop(chat: Chat, key: str, why: str) -> None:
    user = chat.users.get(key)
    for session in user.sessions if user else ():
        presence.drop(chat, session, why)
