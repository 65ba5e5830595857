"""Masks: whom a ban, a mute or an exception is about.

kim, spam*                a name, or a pattern of one (C{*} for anything, C{?} for one character)
192.0.2.7, 2001:db8::/32  where they come from
kim!ident@host            all three, each a pattern; the host is what others see, or the address
a:kim                     who is logged in to that account
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, NamedTuple
from unicodedata import normalize

from .addresses import parse_address
from .cloaks import is_cloak
from .errors import Refused
from .names import parse_name

MAX_MASK = 100
EVERYONE = "*!*@*"
_PARTS = re.compile(r"(?:([^!@]*)!)?([^!@]*)(?:@([^!@]*))?")
_LIKE_ADDRESS = re.compile(r"[0-9a-f.:*?/]*\d[0-9a-f.:*?/]*")


class Who(NamedTuple):
    """Someone, as far as masks are about them.

    @ivar key: of the name.
    @ivar ident: see L{events.Card}.
    @ivar hosts: what others see of from where they are connected.
    @ivar addresses: from where they are connected.
    @ivar account: the key of the account that they are logged in to; empty for none.
    """

    key: str
    ident: str = "user"
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    account: str = ""


@lru_cache(maxsize=4096)
def matcher(mask: str) -> Callable[[Who], bool]:
    """
    @param mask: see L{parse_mask}.
    @return: whether the mask is about someone.
    """
    network = _network(mask)
    if network is not None:
        return lambda who: any(parse_address(address) in network for address in who.addresses if address)
    if mask.startswith("a:"):
        account = _pattern(mask[2:])
        return lambda who: bool(who.account) and account(who.account)
    if "!" not in mask:
        name = _pattern(mask)
        if is_cloak(mask):
            return lambda who: name(who.key) or any(name(host.casefold()) for host in who.hosts)
        return lambda who: name(who.key)
    whole = _pattern(mask)

    def holds(who: Who) -> bool:
        head = f"{who.key}!{who.ident.casefold()}@"
        return any(whole(head + place.casefold()) for place in (*who.hosts, *who.addresses))

    return holds


def is_network(mask: str) -> bool:
    """Whether a mask is an address or a network."""
    return _network(mask) is not None


def by_address(mask: str) -> bool:
    """Whether a mask tells where someone comes from: such are shown to ops only."""
    host = mask.rpartition("@")[2]
    return _network(mask) is not None or (
        "@" in mask and ("." in host or ":" in host) and _LIKE_ADDRESS.fullmatch(host) is not None
    )


def parse_mask(text: str, everyone: bool = False) -> str:
    """A mask as it is compared and kept. Of several ways to write the same, C{kim!*@*} and C{kim}, it is the shortest.

    @param everyone: whether it may be L{EVERYONE}, which makes sense where there are exceptions.
    @raise Refused: C{"bad-mask"}: it would match everyone, or nothing.
    """
    mask = normalize("NFC", normalize("NFC", text.strip()).casefold())
    network = _network(mask)
    if network is not None:
        if network.prefixlen < (8 if network.version == 4 else 16):
            raise Refused("bad-mask", f"{mask} is too wide: at least a /8, for IPv6 a /16.")
        return str(network)
    if len(mask) > MAX_MASK or mask.startswith(":") or any(c.isspace() for c in mask):
        raise Refused("bad-mask", _USAGE)
    if mask.startswith("a:"):
        return "a:" + _parse_name(mask[2:])
    if "!" in mask or "@" in mask:
        return _parse_parts(mask, everyone)
    return _parse_name(mask)


_USAGE = "A mask is a name, a pattern such as spam*, an address such as 192.0.2.0/24, name!ident@host, or a:account."


def _parse_name(mask: str) -> str:
    if "*" not in mask and "?" not in mask:
        try:
            return parse_name(mask).key
        except Refused as why:
            raise Refused("bad-mask", why.sentence) from None
    if not mask.strip("*?"):
        raise Refused("bad-mask", _USAGE)
    return mask


def _parse_parts(mask: str, everyone: bool) -> str:
    parts = _PARTS.fullmatch(mask)
    if parts is None:
        raise Refused("bad-mask", _USAGE)
    nick, ident, host = (part or "*" for part in parts.groups())
    if ident == host == "*" and nick.strip("*?"):
        return _parse_name(nick)
    if nick == ident == "*" and (is_cloak(host) or _network(host) is not None):
        return parse_mask(host)
    if not (nick + ident + host).strip("*?"):
        if not everyone:
            raise Refused("bad-mask", _USAGE)
        return EVERYONE
    return f"{nick}!{ident}@{host}"


def _pattern(mask: str) -> Callable[[str], bool]:
    match = re.compile(translate(mask.replace("[", "[[]"))).match
    return lambda text: match(text) is not None


def _network(mask: str) -> Any:
    try:
        return ip_network(mask, strict=False)
    except ValueError:
        return None
