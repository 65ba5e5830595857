"""The table of IRC's commands, and how a line finds its row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from .message import Message

if TYPE_CHECKING:
    from .connection import IRCProtocol

Run = Callable[["IRCProtocol", Message], None]


class Verb(NamedTuple):
    """A row of the table.

    @ivar name: the command.
    @ivar least: how many parameters it needs.
    @ivar early: whether it may come before registration is complete.
    @ivar cost: as how many lines of talk it counts, for those who send much.
    @ivar run: what to call; its docstring is its HELP.
    """

    name: str
    least: int
    early: bool
    run: Run
    cost: int = 1


VERBS: dict[str, Verb] = {}


def verb(name: str, least: int = 0, early: bool = False, cost: int = 1) -> Callable[[Run], Run]:
    """Enter a function into the table.

    The function takes the connection and the message. It raises L{Refused} where the whole command is; where one target
    of several is, it uses L{IRCProtocol.attempt}.
    """

    def enter(run: Run) -> Run:
        VERBS[name] = Verb(name, least, early, run, cost)
        return run

    return enter
