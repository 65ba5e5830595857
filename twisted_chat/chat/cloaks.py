"""Cloaks: what people see of each other's addresses."""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from functools import lru_cache
from ipaddress import IPv6Address

from .addresses import parse_address

KEY_SIZE = 32
LOCAL = "local"
SUFFIX = ".ip"
# The parts of a cloak: how many leading bits of the address each stands for, and how many characters it has. The last
# has the most: it has to tell all networks of the world apart, the others only those in one network.
_PARTS = {4: ((32, 4), (24, 4), (16, 6)), 6: ((64, 4), (48, 4), (32, 6))}
_CLOAK = re.compile(r"(?=.*[0-9a-z].*\.ip$)[0-9a-z.*?]+\.ip", re.ASCII)


@lru_cache(maxsize=1 << 14)
def cloak(key: bytes, address: str) -> str:
    """What others see of an address: the same text as long as the key is the same, from which the address cannot be
    found without the key.

    It has three parts and C{.ip}. The last part stands for the network (/16, of IPv6 /32), the last two for the one
    within it (/24, /48), and all three for the address (of IPv6 the /64: who has that has all addresses in it, and
    would else have a new cloak every day). So C{*.m2xa.9zpd4t.ip} is a part of the network.

    @param key: secret, L{KEY_SIZE} bytes.
    @param address: empty for a local socket.
    @return: such as C{q3k7.m2xa.9zpd4t.ip}, in lower case; L{LOCAL} for a local socket.
    """
    if not address:
        return LOCAL
    parsed = parse_address(address)
    version = 6 if isinstance(parsed, IPv6Address) else 4
    parts = []
    for bits, size in _PARTS[version]:
        prefix = int(parsed) >> parsed.max_prefixlen - bits
        digest = hmac.digest(key, f"{version}/{bits}/{prefix:x}".encode(), "sha256")
        parts.append(b32encode(digest).decode().lower()[:size])
    return ".".join(parts) + SUFFIX


def is_cloak(mask: str) -> bool:
    """Whether a mask is a cloak's, or a part of one as in L{cloak}."""
    return _CLOAK.fullmatch(mask) is not None
