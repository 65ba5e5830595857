"""The slash commands: one table, a row of which is a function; its docstring is its /help.

Importing the package fills the table, in the order in which /help shows it.
"""

from . import general, talking, rooms, accounts, moderation, administration  # noqa: I001
from .table import COMMANDS, cost, find, run

__all__ = ["COMMANDS", "accounts", "administration", "cost", "find", "general", "moderation", "rooms", "run", "talking"]
