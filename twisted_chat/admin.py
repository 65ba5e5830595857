"""C{twisted-chat-admin}: what an operator does from the command line, whether the daemon runs or not."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import ensureDeferred

from . import __version__
from .auth.passwords import Passwords, make_secret
from .chat.accounts import check_password
from .chat.chat import Chat
from .chat.errors import Refused
from .chat.names import parse_name
from .chat.permissions import parse_duration
from .delivery.fanout import Fanout
from .delivery.turn import Turn
from .housekeeping import Housekeeping
from .store import maintenance
from .store.database import in_use
from .store.interface import StoreError
from .store.sqlite import SQLiteStore

PATIENCE = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """
    @return: the exit status: 0 when it is done, 1 when it cannot be, with a line on standard error.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except BrokenPipeError:
        # Whoever reads what is printed has had enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        why = "interrupted"
    except EOFError:
        why = "there is no answer"
    except UnicodeDecodeError:
        why = "the password is not UTF-8"
    except OSError as error:
        why = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    except (StoreError, Refused) as error:
        why = str(error)
    print(f"twisted-chat-admin: {why}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="twisted-chat-admin", description="Look after the database of a chat daemon.", allow_abbrev=False
    )
    parser.add_argument("--database", "-d", default="chat.sqlite", metavar="FILE", help="default: chat.sqlite")
    parser.add_argument("--version", action="version", version=f"twisted-chat {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Any, help: str, *positional: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        command.set_defaults(run=run, do=name)
        for argument in positional:
            command.add_argument(argument, metavar=argument.upper())
        return command

    add("accounts", _accounts, "list the accounts")
    for name, help in (
        ("register", "make an account, also where people cannot do so themselves"),
        ("add-admin", "let an account administer the server; it is made when it is not there"),
        ("reset-password", "give an account another password"),
    ):
        add(name, _with_password, help, "name").add_argument(
            "--password-file", metavar="FILE", help="where the password is; else it is asked for, or read from a pipe"
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
    order: dict[str, Any] = {"do": options.do, "name": options.name}
    if _is_there(options) == (options.do == "reset-password"):
        order["password"], order["scram"] = make_secret(_read_password(options))
    return _give(options.database, order)


def _is_there(options: argparse.Namespace) -> bool:
    """Whether there is an account of the name: so that nobody is asked in vain. The daemon has the last word."""
    keys = {parse_name(account["name"]).key for account in maintenance.accounts(options.database)}
    return parse_name(options.name).key in keys


def _order(options: argparse.Namespace) -> int:
    if options.do == "erase" and not options.yes and _is_there(options):
        print(f"This removes {options.name} for good. Type the name again to go on: ", end="", flush=True)
        if input().strip() != options.name:
            raise StoreError("nothing was removed")
    return _give(options.database, {"do": options.do, "name": options.name, "reason": getattr(options, "reason", "")})


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
    if parse_duration(options.older_than) is None:
        raise StoreError(f"{options.older_than}: not a time such as 90d")
    return _give(options.database, {"do": "prune", "keep": options.older_than})


def _read_password(options: argparse.Namespace) -> str:
    if options.password_file is not None:
        with open(options.password_file, encoding="utf-8") as file:
            password = file.readline().rstrip("\r\n")
    elif not sys.stdin.isatty():
        line = sys.stdin.buffer.readline()
        if not line:
            raise EOFError
        password = line.decode().rstrip("\r\n")
        again = sys.stdin.buffer.readline()
        if again and again.decode().rstrip("\r\n") != password:
            raise StoreError("the two passwords differ")
    else:
        password = getpass.getpass(f"New password for {options.name}: ")
        if getpass.getpass("The same again: ") != password:
            raise StoreError("the two passwords differ")
    check_password(password)
    return password


def _give(database: str, order: Mapping[str, Any]) -> int:
    """Leave an order for the daemon, and wait for what it says. When none runs, it is followed here."""
    key = maintenance.place_order(database, order)
    end = time.monotonic() + PATIENCE
    followed = False
    while (answer := maintenance.take_answer(database, key)) is None:
        if not followed and not in_use(database):
            _follow(database)
            followed = True
        elif followed:
            raise StoreError("the order was not followed")
        elif time.monotonic() > end:
            raise StoreError("the daemon has not answered yet; it will follow the order when it can")
        else:
            time.sleep(0.1)
    if answer["ok"]:
        # What someone said is erased step by step, after the account.
        while order["do"] == "erase" and maintenance.erasing(database) and in_use(database):
            time.sleep(0.1)
        print(answer["text"])
        return 0
    raise StoreError(answer["text"])


def _follow(database: str) -> None:
    """Be the daemon for as long as it takes to follow the orders."""
    from twisted.internet import task  # noqa: PLC0415  # this installs a reactor

    failed: list[Exception] = []

    async def work(reactor: Any) -> None:
        store = SQLiteStore(database, reactor.callFromThread)
        turn = Turn(store, Fanout(store), reactor.callLater)
        chat = Chat(turn, reactor.seconds, Passwords(reactor))
        try:
            store.open()
            try:
                chat.restore(store.topics(), store.records())
                await Housekeeping(reactor, chat, store).follow_orders()
                await turn.finished()
            finally:
                await store.close()
        except Exception as error:
            failed.append(error)

    with suppress(SystemExit):
        task.react(lambda reactor: ensureDeferred(work(reactor)))
    if failed:
        raise failed[0] if isinstance(failed[0], StoreError) else StoreError(f"the order failed: {failed[0]}")


if __name__ == "__main__":
    sys.exit(main())
