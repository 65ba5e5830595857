"""WEBIRC: how an IRC server is told by a gateway, a web page's say, for whom it connects (IRCv3's webirc extension)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hmac import compare_digest
from typing import NamedTuple

from ..chat.addresses import Networks, parse_address


class Gateway(NamedTuple):
    """A gateway that is believed.

    @ivar password: what it has to know.
    @ivar addresses: where it has to connect from.
    """

    password: str
    addresses: Networks

    @classmethod
    def parse(cls, text: str) -> Gateway:
        """
        @param text: C{PASSWORD@ADDRESS}; the address may be a network, or several with commas between them.
        @raise ValueError: it is not; the message has no password.
        """
        password, at, where = text.rpartition("@")
        addresses = Networks(where)
        if not at or not addresses or not re.fullmatch(r"[!-9;-~][!-~]*", password):
            raise ValueError("not PASSWORD@ADDRESS, with a password that is one word in ASCII and begins with no colon")
        return cls(password, addresses)

    def __repr__(self) -> str:
        return f"Gateway(..., {self.addresses!r})"


def relayed(gateways: Iterable[Gateway], address: str, parameters: Sequence[str]) -> str | None:
    """For whom a gateway connects. To be called before the client registers; then C{BoundedLines.relocate}.

    @param gateways: L{Limits.gateways}.
    @param address: where the connection comes from.
    @param parameters: WEBIRC's: password, the gateway's name, the client's host name, which is not believed, and the
        client's address; then perhaps options.
    @return: the client's address; C{None}: it is no gateway of ours or no address, and the connection is to be closed.
    """
    if len(parameters) < 4:
        return None
    passwords = [one.password for one in gateways if address in one.addresses]
    # In a time that tells nothing of the password.
    if not any(compare_digest(password.encode(), parameters[0].encode()) for password in passwords):
        return None
    try:
        # An IPv6 address that begins with a colon gets a 0 before it, to be no trailing parameter.
        return str(parse_address(parameters[3]))
    except ValueError:
        return None
