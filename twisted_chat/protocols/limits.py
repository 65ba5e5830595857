"""The limits of the daemon, in one place: their defaults, and how the command line sets them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ..chat.addresses import Networks
from ..chat.chat import MAX_ROOMS
from ..delivery.session import QUEUE_CAP
from .webirc import Gateway

LOOPBACK = "127.0.0.0/8,::1"


@dataclass(frozen=True)
class Flood:
    """How fast one connection may send.

    @ivar burst: so many lines at once.
    @ivar rate: so many a second afterwards.
    @ivar each: how much time each line takes up then, in seconds.
    @ivar full: and so many lines at once.
    """

    burst: int
    rate: float
    each: float = field(init=False, repr=False)
    full: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "each", 1 / self.rate)
        object.__setattr__(self, "full", self.burst / self.rate)

    @classmethod
    def parse(cls, text: str) -> Flood | None:
        """
        @param text: C{30/10}, or C{off}.
        @raise ValueError: it is neither.
        """
        if text == "off":
            return None
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6}(?:\.\d{1,3})?)", text)
        if found is None or not int(found[1]) or not float(found[2]):
            raise ValueError(f"{text}: not off, and not so many lines at once and a second, such as 30/10")
        return cls(int(found[1]), float(found[2]))


def _number(text: object) -> int:
    if not re.fullmatch(r"\d{1,12}", str(text)):
        raise ValueError(f"{text}: not a number from 0 on")
    return int(str(text))


def _some(text: object) -> int:
    if _number(text) == 0:
        raise ValueError("0: at least 1")
    return _number(text)


def _option(name: str, text: object, parse: Callable[[Any], Any], help: str = "") -> dict[str, Any]:
    return {"option": name, "text": text, "parse": parse, "help": help}


def _gateways(texts: Sequence[str]) -> tuple[Gateway, ...]:
    return tuple(Gateway.parse(text) for text in texts)


@dataclass(frozen=True)
class Limits:
    """All limits that an operator sets. It is never changed, but replaced: C{gate.limits = ...} holds from the next
    connection, line or sweep on, C{chat.max_rooms} from the next room.

    @ivar connections: how many at a time, in all; 0: as many as there are file descriptors for.
    @ivar per_address, new_per_minute: how many one address may have at a time, and begin in a minute (at once, or
        little by little); an IPv6 address counts by its /64. 0: any number.
    @ivar login_time: how long a connection may take to log in, in seconds. 0: for ever.
    @ivar silence: after how long a silent client is asked for a sign of life, and how long it may take to give it, in
        seconds. 0: never asked.
    @ivar flood: how fast one connection may send; C{None}: as fast as it can.
    @ivar rooms: how many one person may be in.
    @ivar send_queue: how many bytes may wait for one connection before it is cut off. Holds for new connections.
    @ivar trusted: for whom the limits by address do not hold.
    @ivar proxies: who may say, by the PROXY protocol, for whom a connection is.
    @ivar gateways: who may say so by IRC's WEBIRC.
    """

    connections: int = field(
        default=0,
        metadata=_option(
            "max-connections", 0, _number, "How many connections at a time, in all; 0: as many as open files allow."
        ),
    )
    per_address: int = field(
        default=100,
        metadata=_option(
            "max-per-address", 100, _number, "How many connections one address may have at a time; 0: any number."
        ),
    )
    new_per_minute: int = field(
        default=120,
        metadata=_option(
            "max-new", 120, _number, "How many connections one address may begin a minute; 0: any number."
        ),
    )
    login_time: int = field(
        default=60,
        metadata=_option("login-timeout", 60, _number, "How many seconds one may take to log in; 0: any time."),
    )
    silence: int = field(
        default=120,
        metadata=_option(
            "ping", 120, _number, "After how many seconds of silence to look whether a client is there; 0: never."
        ),
    )
    flood: Flood | None = field(
        default=Flood(30, 10),
        metadata=_option(
            "flood", "30/10", Flood.parse, "How many lines a connection may send at once, and a second then; or off."
        ),
    )
    rooms: int = field(
        default=MAX_ROOMS, metadata=_option("max-rooms", MAX_ROOMS, _some, "How many rooms one person may be in.")
    )
    send_queue: int = field(
        default=QUEUE_CAP,
        metadata=_option(
            "send-queue",
            QUEUE_CAP,
            _some,
            "How many bytes may wait for a client that does not read; then it is cut off.",
        ),
    )
    trusted: Networks = field(
        default=Networks(LOOPBACK),
        metadata=_option(
            "trusted", LOOPBACK, Networks, "Addresses without the limits by address, with commas between them."
        ),
    )
    proxies: Networks = field(
        default=Networks(),
        metadata=_option(
            "proxy-from", "", Networks, "Addresses of proxies that say by the PROXY protocol for whom they connect."
        ),
    )
    gateways: tuple[Gateway, ...] = field(default=(), metadata=_option("webirc", (), _gateways))

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Limits:
        """
        @param options: by their names on the command line, as texts or numbers; what is missing has its default.
        @raise ValueError: why one cannot be used, in one line.
        """
        values = {}
        for one in fields(cls):
            option = one.metadata["option"]
            try:
                values[one.name] = one.metadata["parse"](options.get(option, one.metadata["text"]))
            except ValueError as why:
                raise ValueError(f"--{option}: {why}") from None
        return cls(**values)


#: For C{usage.Options.optParameters}.
PARAMETERS = [
    [one.metadata["option"], None, one.metadata["text"], one.metadata["help"], type(one.metadata["text"])]
    for one in fields(Limits)
    if one.metadata["help"]
]
#: The names of all options that are limits.
LIMITS = tuple(one.metadata["option"] for one in fields(Limits))
#: No limit where there can be none.
UNLIMITED = Limits(per_address=0, new_per_minute=0, login_time=0, silence=0, flood=None)
