"""C{twisted-chat-admin}: what an operator does from the command line, whether the daemon runs or not."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import ensureDeferred

from .auth.passwords import HASHER, Passwords
from .chat.accounts import check_password
from .chat.chat import Chat
from .chat.errors import Refused
from .chat.names import parse_name
from .delivery.fanout import Fanout
from .delivery.turn import Turn
from .housekeeping import Housekeeping
from .store import maintenance
from .store.interface import StoreError
from .store.sqlite import SQLiteStore, in_use

PATIENCE = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """
    @return: the exit status: 0 when it is done, 1 when it cannot be, with a line on standard error.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except (StoreError, Refused, OSError, EOFError) as error:
        print(f"twisted-chat-admin: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="twisted-chat-admin", description="Look after the database of a chat daemon.")
    parser.add_argument("--database", "-d", default="chat.sqlite", metavar="FILE", help="default: chat.sqlite")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Any, help: str, *positional: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run, do=name)
        for argument in positional:
            command.add_argument(argument, metavar=argument.upper())
        return command

    add("accounts", _accounts, "list the accounts")
    for name, help in (
        ("add-admin", "let an account administer the server; it is made when it is not there"),
        ("reset-password", "give an account another password"),
    ):
        add(name, _with_password, help, "name").add_argument(
            "--password-file", metavar="FILE", help="read the password from there instead of asking for it"
        )
    add("remove-admin", _order, "let an account no longer administer the server", "name")
    add("suspend", _order, "keep an account out", "name").add_argument("--reason", default="")
    add("unsuspend", _order, "let an account in again", "name")
    add("export", _export, "print all that is kept of an account, as JSON", "name")
    erase = add("erase", _order, "remove an account, what it said, and the direct messages to it", "name")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    add("backup", _backup, "copy the database, also while the daemon runs", "file")
    add("check", _check, "look for damage; status 1 when there is some")
    prune = add("prune", _prune, "remove what is older than a time such as 90d")
    prune.add_argument("--older-than", required=True, metavar="TIME")
    return parser


def _accounts(options: argparse.Namespace) -> None:
    for account in maintenance.accounts(options.database):
        marks = [mark for mark in ("admin", "suspended", "shunned") if account[mark] not in (False, None)]
        seen = datetime.fromtimestamp(account["seen"], UTC)
        print(f"{account['name']}\tlast here {seen:%Y-%m-%d %H:%M}\t{' '.join(marks)}".rstrip())


def _with_password(options: argparse.Namespace) -> int:
    known = {account["name"] for account in maintenance.accounts(options.database)}
    keys = {parse_name(name).key for name in known}
    order: dict[str, Any] = {"do": options.do, "name": options.name}
    if options.do == "reset-password" or parse_name(options.name).key not in keys:
        order["password"] = HASHER.hash(_read_password(options.password_file))
    return _give(options.database, order)


def _order(options: argparse.Namespace) -> int:
    if options.do == "erase" and not options.yes:
        print(f"This removes {options.name} for good. Type the name again to go on: ", end="", flush=True)
        if input().strip() != options.name:
            raise StoreError("nothing was removed")
    return _give(
        options.database, {"do": options.do, "name": options.name, "reason": getattr(options, "reason", "")}
    )


def _export(options: argparse.Namespace) -> None:
    found = maintenance.export(options.database, parse_name(options.name).key)
    json.dump(found, sys.stdout, ensure_ascii=False, indent=1)
    print()


def _backup(options: argparse.Namespace) -> None:
    maintenance.backup(options.database, options.file)
    print(f"{options.database} is copied to {options.file}, {os.path.getsize(options.file)} bytes.")


def _check(options: argparse.Namespace) -> int:
    faults = maintenance.check(options.database)
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{options.database} is sound.")
    return 1 if faults else 0


def _prune(options: argparse.Namespace) -> int:
    return _give(options.database, {"do": "prune", "keep": options.older_than})


def _read_password(path: str | None) -> str:
    if path is not None:
        with open(path, encoding="utf-8") as file:
            password = file.readline().rstrip("\n")
    else:
        password = getpass.getpass("New password: ")
        if getpass.getpass("The same again: ") != password:
            raise StoreError("the two passwords differ")
    check_password(password)
    return password


def _give(database: str, order: Mapping[str, Any]) -> int:
    """Leave an order for the daemon, and wait for what it says. When none runs, it is followed here."""
    key = maintenance.place_order(database, order)
    end = time.monotonic() + PATIENCE
    running = in_use(database)
    if not running:
        _follow(database)
    while True:
        answer = maintenance.take_answer(database, key)
        if answer is not None:
            print(answer["text"], file=sys.stdout if answer["ok"] else sys.stderr)
            return 0 if answer["ok"] else 1
        if time.monotonic() > end and not running:
            raise StoreError("the order was not followed: see the daemon's log")
        if time.monotonic() > end + 60:
            raise StoreError("the daemon has not answered yet; it will follow the order when it can")
        time.sleep(0.1)


def _follow(database: str) -> None:
    """Be the daemon for as long as it takes to follow the orders."""
    from twisted.internet import task  # noqa: PLC0415  # this installs a reactor

    async def work(reactor: Any) -> None:
        store = SQLiteStore(database, reactor.callFromThread)
        turn = Turn(store, Fanout(store), reactor.callLater)
        chat = Chat(turn, reactor.seconds, Passwords(reactor))
        store.open()
        try:
            chat.restore(store.topics(), store.records())
            await Housekeeping(reactor, chat, store).follow_orders()
            await turn.finished()
        finally:
            await store.close()

    try:
        task.react(lambda reactor: ensureDeferred(work(reactor)))
    except SystemExit as end:
        if end.code:
            raise StoreError("the order could not be followed") from end


if __name__ == "__main__":
    sys.exit(main())
