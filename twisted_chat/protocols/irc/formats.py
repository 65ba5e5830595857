"""How IRC writes what happens: for each set of capabilities once. See docs/irc.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from ...chat.acts import Answer
from ...chat.events import ANSWERING, Event, Kind
from ...delivery.session import Dialect
from .letters import LETTERS
from .message import MAX_LINE, MAX_TAGS, cut, parse_tags, pieces, write_tags

# The batch in which replay is sent; no two are open at a time.
REPLAY = "replay"

_TALK = {
    Kind.MESSAGE: ("PRIVMSG", ""),
    Kind.ACTION: ("PRIVMSG", "ACTION "),
    Kind.NOTICE: ("NOTICE", ""),
    Kind.DIRECT: ("PRIVMSG", ""),
    Kind.DIRECT_ACTION: ("PRIVMSG", "ACTION "),
    Kind.DIRECT_NOTICE: ("NOTICE", ""),
}
# What an answer confirms that an IRC client sees by itself, or is told by a numeric.
_UNSAID = frozenset({"left", "renamed", "kicked", "gone", "back"})


class IRCFormat:
    """The lines of clients with certain capabilities."""

    once = True

    def __init__(self, server: str, capabilities: frozenset[str]) -> None:
        """
        @param server: the name of the server.
        @param capabilities: those of C{WIRE} that the clients have asked for.
        """
        self.server = server
        self._has = capabilities

    def event(self, event: Event) -> bytes:
        if event.wire is None:
            event.wire = {}
        data = event.wire.get(self)
        if data is None:
            data = event.wire[self] = self._join(self._tags(event), self._lines(event))
        return data

    def replay(self, event: Event, ids: bool = False) -> bytes:
        """Inside a batch, with its time, where the client can take that; else as a notice of the server, which says the
        time, and which no program answers."""
        if "batch" in self._has and "server-time" in self._has:
            return self._join({"batch": REPLAY, **self._tags(event)}, self._lines(event))
        time = datetime.fromtimestamp(event.time // 1000, UTC)
        number = f"{event.id} " if ids else ""
        words = _PHRASES.get(event.kind, _nothing)(event)
        where = event.room or "*"
        head = f":{self.server} NOTICE {where} :"
        text = f"{number}[{time:%Y-%m-%d %H:%M:%S}] {words}"
        return self._join({}, (head + part for part in pieces(text, MAX_LINE - 2 - len(head.encode()))))

    def answer(self, answer: Answer) -> bytes:
        user = answer.session.user
        nick = user.name.shown if user is not None else "*"
        data = answer.data or {}
        lines: list[str] = []
        if answer.kind == "irc":
            lines = answer.text.split("\n")
        elif answer.kind in ("room", "invite") or data.get("code") in _UNSAID:
            return b""
        elif answer.kind == "closing":
            lines = [f"ERROR :{answer.text}"]
        elif answer.kind == "account" and user is not None:
            was = data.get("was", nick)
            who, account = f"{was}!{user.card.ident}@{user.card.host}", data.get("account")
            number = f"900 {was} {who} {account}" if account else f"901 {was} {who}"
            lines = [f":{self.server} {number} :{answer.text}"]
        elif answer.kind == "info" and data.get("code") == "away":
            lines = [f":{self.server} 301 {nick} {data['name']} :{data['away']}"]
        elif answer.kind == "info" and data.get("code") == "invited":
            lines = [f":{self.server} 341 {nick} {data['name']} {data['room']}"]
        elif answer.kind == "error" and "standard-replies" in self._has:
            code = str(data.get("code", "refused")).upper().replace("-", "_")
            lines = [f":{self.server} FAIL * {code} :{answer.text}"]
        else:
            head = f":{self.server} NOTICE {nick} :"
            lines = [head + part for part in pieces(answer.text, MAX_LINE - 2 - len(head.encode()))]
        return self._join({}, lines)

    def enclose(self, label: str, said: Sequence[bytes]) -> bytes:
        """Mark an answer as that to a labelled command. IRCv3 labeled-response.

        @param said: the lines of the answer, whole ones.
        """
        lines = b"".join(said).split(b"\r\n")[:-1]
        if not lines:
            return f"@label={label} :{self.server} ACK\r\n".encode()
        if len(lines) == 1 or _is_batch(lines):
            return b"".join(line + b"\r\n" for line in [_tagged(lines[0], f"label={label}"), *lines[1:]])
        inner = (line if b"batch=" in line.partition(b" ")[0] else _tagged(line, "batch=answer") for line in lines)
        start = f"@label={label} :{self.server} BATCH +answer labeled-response".encode()
        end = f":{self.server} BATCH -answer".encode()
        return b"".join(line + b"\r\n" for line in (start, *inner, end))

    # Parts

    def _join(self, tags: Mapping[str, str], lines: Iterator[str] | Sequence[str]) -> bytes:
        """Lines as they go out: those after the first without what names one message only."""
        said = []
        head = f"@{write_tags(tags)} " if tags else ""
        for line in lines:
            said.append(head + cut(line, MAX_LINE - 2) + "\r\n")
            if tags and "msgid" in tags:
                tags = {name: value for name, value in tags.items() if name != "msgid"}
                head = f"@{write_tags(tags)} " if tags else ""
        return "".join(said).encode()

    def _tags(self, event: Event) -> dict[str, str]:
        tags: dict[str, str] = {}
        has, card = self._has, event.card
        if "server-time" in has:
            time = datetime.fromtimestamp(event.time / 1000, UTC)
            tags["time"] = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if "account-tag" in has and card.registered:
            tags["account"] = event.actor
        if "message-tags" in has:
            if event.id:
                tags["msgid"] = str(event.id)
            if card.bot:
                tags["bot"] = ""
            if event.kind in ANSWERING and event.target:
                tags["+draft/reply"] = event.target
            if event.kind is Kind.REACTION:
                tags["+draft/react"] = event.text
            if event.tags:
                tags.update(parse_tags(event.tags))
        return tags if len(event.tags) < MAX_TAGS - 500 else {}

    def _lines(self, event: Event) -> Iterator[str] | Sequence[str]:
        """A happening as lines without tags."""
        source = f":{event.actor}!{event.card.ident}@{event.card.host}"
        where = event.room or event.target
        kind = event.kind
        talk = _TALK.get(kind)
        if talk is not None:
            command, action = talk
            if not event.text:
                return ()
            head = f"{source} {command} {where} :"
            room = MAX_LINE - 2 - len(head.encode())
            if not action:
                return (head + part for part in pieces(event.text, room))
            return (f"{head}\x01{action}{part}\x01" for part in pieces(event.text, room - len(action) - 2))
        if kind is Kind.JOIN:
            if "extended-join" in self._has:
                account = event.actor if event.card.registered else "*"
                return (f"{source} JOIN {where} {account} :{event.card.realname or event.actor}",)
            return (f"{source} JOIN {where}",)
        if kind is Kind.LEAVE:
            if event.whole is not None:
                return (f"{source} QUIT :{event.text}",)
            return (f"{source} PART {where} :{event.text}" if event.text else f"{source} PART {where}",)
        write = _OTHERS.get(kind)
        return write(self, source, event) if write is not None else ()

    def _rename(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} NICK :{event.target}",)

    def _topic(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} TOPIC {event.room} :{event.text}",)

    def _kick(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} KICK {event.room} {event.target} :{event.text or event.actor}",)

    def _mode(self, source: str, event: Event) -> Sequence[str]:
        name, _, value = event.text.partition(" ")
        letter = LETTERS.get(name.removeprefix("-"))
        if letter is None:
            return (f":{self.server} NOTICE {event.room} :{event.actor} set {event.text}",)
        sign = "-" if name.startswith("-") else "+"
        value = event.target or value or ("*" if letter == "k" else "")
        return (f"{source} MODE {event.room} {sign}{letter}{' ' + value if value else ''}",)

    def _announce(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} NOTICE * :{event.text}",)

    def _delete(self, source: str, event: Event) -> Sequence[str]:
        if "draft/message-redaction" not in self._has:
            return ()
        return (f"{source} REDACT {event.room} {event.text}",)

    def _tagmsg(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} TAGMSG {event.room or event.target}",) if "message-tags" in self._has else ()

    def _away(self, source: str, event: Event) -> Sequence[str]:
        if "away-notify" not in self._has:
            return ()
        return (f"{source} AWAY :{event.text}" if event.text else f"{source} AWAY",)

    def _account(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} ACCOUNT {event.text or '*'}",) if "account-notify" in self._has else ()

    def _wallops(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} WALLOPS :{event.text}",)

    def _invite(self, source: str, event: Event) -> Sequence[str]:
        """To who is invited, and to those in the room who asked for that."""
        heard = event.room is None or "invite-notify" in self._has
        return (f"{source} INVITE {event.target} {event.text}",) if heard else ()

    def _profile(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} SETNAME :{event.text}",) if "setname" in self._has else ()


_OTHERS: dict[Kind, Callable[[IRCFormat, str, Event], Sequence[str]]] = {
    Kind.RENAME: IRCFormat._rename,
    Kind.TOPIC: IRCFormat._topic,
    Kind.KICK: IRCFormat._kick,
    Kind.MODE: IRCFormat._mode,
    Kind.ANNOUNCE: IRCFormat._announce,
    Kind.DELETE: IRCFormat._delete,
    Kind.REACTION: IRCFormat._tagmsg,
    Kind.TAGS: IRCFormat._tagmsg,
    Kind.INVITE: IRCFormat._invite,
    Kind.AWAY: IRCFormat._away,
    Kind.ACCOUNT: IRCFormat._account,
    Kind.PROFILE: IRCFormat._profile,
    Kind.WALLOPS: IRCFormat._wallops,
}


def _nothing(event: Event) -> str:
    return ""


# What happened, in words, for clients that cannot be told when.
_PHRASES: dict[Kind, Callable[[Event], str]] = {
    Kind.MESSAGE: lambda e: f"<{e.actor}> {e.text}",
    Kind.ACTION: lambda e: f"* {e.actor} {e.text}",
    Kind.NOTICE: lambda e: f"-{e.actor}- {e.text}",
    Kind.DIRECT: lambda e: f"<{e.actor}> {e.text}",
    Kind.DIRECT_ACTION: lambda e: f"* {e.actor} {e.text}",
    Kind.DIRECT_NOTICE: lambda e: f"-{e.actor}- {e.text}",
    Kind.TOPIC: lambda e: f"{e.actor} set the topic: {e.text}",
    Kind.JOIN: lambda e: f"{e.actor} came in",
    Kind.LEAVE: lambda e: f"{e.actor} left" + (f" ({e.text})" if e.text else ""),
    Kind.RENAME: lambda e: f"{e.actor} is now {e.target}",
    Kind.KICK: lambda e: f"{e.target} was kicked by {e.actor}" + (f" ({e.text})" if e.text else ""),
    Kind.MODE: lambda e: f"{e.actor} set {e.text}" + (f" for {e.target}" if e.target else ""),
    Kind.DELETE: lambda e: f"{e.actor} deleted message {e.text} of {e.target}",
    Kind.REACTION: lambda e: f"{e.actor} reacts with {e.text}",
    Kind.AUDIT: lambda e: f"{e.actor}: {e.text} {e.target}",
    Kind.ANNOUNCE: lambda e: f"{e.actor} to everyone: {e.text}",
}


def _tagged(line: bytes, tag: str) -> bytes:
    """A line with one more tag."""
    return b"@" + tag.encode() + (b";" + line[1:] if line.startswith(b"@") else b" " + line)


def _is_batch(lines: Sequence[bytes]) -> bool:
    """Whether these lines are just one batch."""
    first, last = lines[0].split(), lines[-1].split()
    if b"BATCH" not in first or b"BATCH" not in last:
        return False
    return last[-1].startswith(b"-") and first[first.index(b"BATCH") + 1] == b"+" + last[-1][1:]


class Dialects(Mapping[str, Dialect]):
    """The formats by the capabilities they are for, separated by blanks; made when they are first asked for."""

    def __init__(self, server: str) -> None:
        self.server = server
        self._made: dict[str, Dialect] = {}

    def __getitem__(self, capabilities: str) -> Dialect:
        dialect = self._made.get(capabilities)
        if dialect is None:
            format = IRCFormat(self.server, frozenset(capabilities.split()))
            dialect = self._made[capabilities] = Dialect(format, format)
        return dialect

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
