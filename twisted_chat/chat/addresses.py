"""IP addresses: what they count by, and lists of those that are special."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


@lru_cache(maxsize=1 << 14)
def parse_address(text: str) -> IPv4Address | IPv6Address:
    """An address without its zone; an IPv4 one also where it came to a socket for both.

    @raise ValueError: it is none.
    """
    parsed = ip_address(text.partition("%")[0])
    return getattr(parsed, "ipv4_mapped", None) or parsed


def network(address: str) -> str:
    """What an address counts by: an IPv6 one by its /64, which is what one household or host has.

    @param address: empty for a local socket, which counts by the empty text.
    """
    if not address:
        return ""
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


class Networks:
    """A list of addresses and networks."""

    def __init__(self, text: str = "") -> None:
        """
        @param text: with commas between them, such as C{127.0.0.0/8,::1}; may be empty.
        @raise ValueError: one is neither an address nor a network; the message says which.
        """
        self.text = text
        self._networks: list[IPv4Network | IPv6Network] = []
        for word in filter(None, (word.strip() for word in text.split(","))):
            try:
                self._networks.append(ip_network(word, strict=False))
            except ValueError:
                raise ValueError(f"{word} is neither an address nor a network") from None

    def __contains__(self, address: str) -> bool:
        """
        @param address: empty for a local socket, which is in no list.
        """
        if not address or not self._networks:
            return False
        parsed = parse_address(address)
        return any(parsed in one for one in self._networks)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Networks) and self._networks == other._networks

    def __hash__(self) -> int:
        return hash(tuple(self._networks))

    def __repr__(self) -> str:
        return f"Networks({self.text!r})"
