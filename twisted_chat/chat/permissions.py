"""Who may do what in a room."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from .errors import Refused
from .masks import Who, by_address, matcher


class Role(IntEnum):
    """What someone is in a room; whoever is more may do what who is less may."""

    OUTSIDER = 0
    MEMBER = 1
    VOICE = 2
    OP = 3
    OWNER = 4


# What needs which role. Modes of the room add to it: see chat/moderation.py.
NEEDS: dict[str, Role] = {
    "speak": Role.MEMBER,
    "topic": Role.MEMBER,
    "invite": Role.MEMBER,
    "voice": Role.OP,
    "kick": Role.OP,
    "ban": Role.OP,
    "mute": Role.OP,
    "mode": Role.OP,
    "delete": Role.OP,
    "pin": Role.OP,
    "op": Role.OWNER,
    "rename": Role.OWNER,
}

FLAGS = ("invite-only", "moderated", "secret", "topic-ops", "members-only", "external")
# Those that keep people out, or in the dark.
CLOSING = frozenset({"invite-only", "secret", "members-only", "key"})
# From what a room may except people.
EXCEPTIONS = ("ban", "mute", "invite")
NUMBERS = {"slow": "seconds between two messages of one person", "limit": "how many people fit in"}
MODES = (*FLAGS, "key", *NUMBERS)
MAX_KEY = 32
MAX_NUMBER = 1_000_000


def need(what: str, modes: Mapping[str, Any]) -> Role:
    """Which role something takes in a room with these modes."""
    if what == "speak" and "moderated" in modes:
        return Role.VOICE
    if what == "speak" and "external" in modes:
        return Role.OUTSIDER
    if (what == "topic" and "topic-ops" in modes) or (what == "invite" and "invite-only" in modes):
        return Role.OP
    return NEEDS[what]


def parse_mode(name: str, value: str | None) -> tuple[str, Any]:
    """A mode and its new value as someone wrote them; C{None} for off.

    @raise Refused: C{"bad-mode"}: there is no such mode, or it has no such value.
    """
    name = name.lower()
    if name not in MODES:
        raise Refused("bad-mode", f"There is no mode {name[:32]}. Modes: {', '.join(MODES)}.")
    if value is not None and value.lower() == "off":
        return name, None
    if name in FLAGS:
        if value is not None and value.lower() != "on":
            raise Refused("bad-mode", f"Usage: /mode {name} on, or /mode {name} off")
        return name, True
    if name == "key":
        if not value or value.startswith(":") or set(" ,") & set(value) or len(value) > MAX_KEY:
            text = f"Usage: /mode key WORD (one word, up to {MAX_KEY} characters, no comma), or /mode key off"
            raise Refused("bad-mode", text)
        return name, value
    if not value or not value.isdecimal() or len(value) > 7 or not 1 <= int(value) <= MAX_NUMBER:
        raise Refused("bad-mode", f"Usage: /mode {name} NUMBER ({NUMBERS[name]}), or /mode {name} off")
    return name, int(value)


class Ban(NamedTuple):
    """Someone is kept out, or kept quiet.

    @ivar mask: see chat/masks.py.
    @ivar until: when it ends, in seconds since 1970; 0 for never.
    @ivar by, at: who made it, and when.
    """

    mask: str
    until: float
    reason: str
    by: str
    at: float

    def holds(self, now: float) -> bool:
        return not self.until or now < self.until

    def matches(self, who: Who) -> bool:
        """Whether it is about someone."""
        return matcher(self.mask)(who)

    @property
    def by_address(self) -> bool:
        """Whether it tells where someone comes from."""
        return by_address(self.mask)

    def record(self) -> dict[str, Any]:
        return self._asdict()


def parse_duration(text: str) -> float | None:
    """A time span such as C{10m}, C{2h}, C{7d} or C{30s}, in seconds; C{None} when it is not one."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    number, unit = text[:-1], text[-1:].lower()
    if unit not in units or not number.isdecimal() or not number.isascii() or len(number) > 6 or not int(number):
        return None
    return float(int(number) * units[unit])
