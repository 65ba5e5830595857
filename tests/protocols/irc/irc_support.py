"""IRC clients in a L{World}, beside those of the line protocol."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from chat_support import PASSWORD, Client, World
from twisted.internet.address import IPv4Address

from twisted_chat.chat.names import parse_name

_UNESCAPED = {":": ";", "s": " ", "r": "\r", "n": "\n"}


class Said(NamedTuple):
    """A line of the server, taken apart.

    @ivar source: who or what it is from, without the colon.
    @ivar nick: the same up to the C{!}.
    """

    tags: dict[str, str]
    source: str
    command: str
    params: list[str]

    @property
    def nick(self) -> str:
        return self.source.partition("!")[0]

    @property
    def text(self) -> str:
        """The last parameter."""
        return self.params[-1]


def read_line(line: str) -> Said:
    """Take a line of the server apart, as the IRC client protocol and IRCv3 message-tags say, and be strict."""
    tags = {}
    if line.startswith("@"):
        raw, line = line[1:].split(" ", 1)
        for tag in raw.split(";"):
            name, _, value = tag.partition("=")
            assert name and name not in tags, raw
            tags[name] = re.sub(r"\\(.?)", lambda m: _UNESCAPED.get(m[1], m[1]), value)
    source = ""
    if line.startswith(":"):
        source, line = line[1:].split(" ", 1)
    line, colon, trailing = line.partition(" :")
    command, *params = line.split(" ")
    assert command and all(params), line
    return Said(tags, source, command, params + [trailing] * bool(colon))


class IRCClient(Client):
    """One IRC connection as its other end sees it. What it is sent is checked: whole lines, within their limits."""

    def __init__(self, world: World, address: object = None) -> None:
        super().__init__(world, address, world.irc)
        self.nick = ""

    def send(self, *lines: str) -> None:
        """Send lines, in one chunk."""
        self.bytes("".join(line + "\r\n" for line in lines).encode())

    def register(self, nick: str, *caps: str, password: str | None = None) -> list[Said]:
        """Say who one is. @return: all that came."""
        lines = [f"CAP REQ :{' '.join(caps)}"] if caps else []
        lines += [f"PASS {password}"] if password else []
        lines += [f"NICK {nick}", "USER " + nick + " 0 * :The real " + nick]
        self.send(*lines, *(["CAP END"] if caps else []))
        self.world.settle()
        self.nick = nick
        return self.heard()

    def read(self) -> list[str]:
        """All lines that came since the last look, as they are."""
        data = self.wire.value()
        self.wire.clear()
        assert not data or data.endswith(b"\r\n"), data[-100:]
        lines = data.split(b"\r\n")[:-1]
        for line in lines:
            tags, blank, rest = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
            assert len(tags + blank) <= 8191, line
            assert 0 < len(rest) <= 510 and not set(line) & set(b"\r\n\0"), line
        return [line.decode() for line in lines]

    def heard(self) -> list[Said]:
        """The same, taken apart."""
        return [read_line(line) for line in self.read()]

    def ask(self, *lines: str) -> list[Said]:
        """Send lines, wait for the turn's end. @return: all that came since the last look."""
        self.send(*lines)
        self.world.settle()
        return self.heard()

    def numerics(self, *lines: str) -> list[str]:
        """The commands of what comes in answer to lines."""
        return [said.command for said in self.ask(*lines)]


def irc_connect(world: World, host: str = "192.0.2.2") -> IRCClient:
    """An IRC client that has not said a word yet."""
    client = IRCClient(world, IPv4Address("TCP", host, 4712))
    client.protocol.makeConnection(client.wire)
    return client


def irc_enter(world: World, nick: str, *rooms: str, caps: tuple[str, ...] | list[str] = (), **how: Any) -> IRCClient:
    """Someone on IRC who is in these rooms, and who has, like all others, read everything so far.

    @param how: C{host}.
    """
    client = irc_connect(world, **how)
    registered = world.chat.accounts.get(parse_name(nick).key) is not None
    welcome = client.register(nick, *caps, password=PASSWORD if registered else None)
    assert "001" in [said.command for said in welcome] or registered, welcome
    if rooms:
        client.send("JOIN " + ",".join(rooms))
    world.settle()
    world.all_read()
    return client
