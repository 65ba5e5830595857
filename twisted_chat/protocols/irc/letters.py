"""Modes of rooms: the letters that IRC has for what the chat calls by name."""

from __future__ import annotations

from ...chat.permissions import Role

FLAGS = {"i": "invite-only", "m": "moderated", "p": "members-only", "s": "secret", "t": "topic-ops"}
VALUES = {"k": "key", "l": "limit"}
ROLES = {"o": Role.OP, "v": Role.VOICE}

NAMES = {**FLAGS, **VALUES}
LETTERS = {name: letter for letter, name in NAMES.items()} | {role.name.lower(): c for c, role in ROLES.items()}
# What ISUPPORT says of them (CHANMODES): lists, with a value always, with one when set, without.
KINDS = f"beI,k,l,{''.join(sorted([*FLAGS, 'n']))}"
ALL = "".join(sorted("beIn" + "".join((*FLAGS, *VALUES, *ROLES)), key=str.swapcase))
