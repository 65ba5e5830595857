"""How IRC writes what happens: for each set of capabilities once. See docs/irc.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from weakref import WeakValueDictionary

from ...chat.acts import Answer
from ...chat.answering import MAX_SIGN
from ...chat.events import ANSWERING, Event, Kind, deleted
from ...chat.text import clean
from ...delivery.session import Dialect
from .capabilities import SERVICE
from .letters import Changes, changed, write_change
from .message import FITS, MAX_LINE, Written, cut, escape, fold, pieces
from .phrases import in_words, stamp

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
# What a reaction is, as a tag: IRCv3 react.
_SIGNS = {Kind.REACTION: "+draft/react=", Kind.UNREACTION: "+draft/unreact="}
# In bytes: of as many characters as the chat takes.
MAX_SIGN_SIZE = 4 * MAX_SIGN
_BATCH = re.compile(rb":\S+ BATCH ([+-])(\S+)")
# What an answer confirms that an IRC client sees by itself, or is told by a numeric.
_UNSAID = frozenset({"left", "renamed", "kicked", "gone", "back", "realname"})


class IRCFormat:
    """The lines of clients with certain capabilities."""

    once = True

    def __init__(self, server: str, capabilities: frozenset[str]) -> None:
        """
        @param server: the name of the server.
        @param capabilities: those of C{WIRE} that the clients have asked for; and C{SERVICE} with the name of one, if
            answers come from there.
        """
        self.server = server
        self._has = capabilities
        self._untagged = not capabilities & {"server-time", "account-tag", "message-tags"}
        service = next((name.removeprefix(SERVICE) for name in capabilities if name.startswith(SERVICE)), "")
        self._voice = f"{service}!service@{server}" if service else server
        self._is_service = bool(service)

    def event(self, event: Event) -> bytes:
        if event.wire is None:
            event.wire = {}
        data = event.wire.get(self)
        if data is None:
            data = event.wire[self] = self._write(event)
        return data

    def replay(self, event: Event, ids: bool = False, title: str | None = None) -> bytes:
        """What was, in a batch or at least with its time, where the client can take that. Else, and in answer to a
        slash command, as a notice of the server, which says the time, and which no program answers; but what comes late
        for the first time (C{title} is empty) is from whom it is from."""
        if not event.text and event.kind in _TALK:
            return b""
        if title is None:
            return self._note(event, ids)
        if event.kind not in _TALK and "draft/event-playback" not in self._has and event.kind is not Kind.DELETE:
            return b""
        if title and "batch" in self._has:
            return self._write(event, REPLAY)
        if "server-time" in self._has:
            return self._write(event)
        if title or event.kind not in _TALK:
            return self._note(event, ids)
        late = Event(event.kind, event.time, None, event.actor, event.target, f"[{stamp(event)}] {event.text}")
        return self._write(late)

    def frame(self, title: str | None) -> tuple[bytes, bytes]:
        """The batch that replay is. IRCv3 chathistory batch."""
        if not title or "batch" not in self._has:
            return b"", b""
        start, end = f"BATCH +{REPLAY} chathistory {title}", f"BATCH -{REPLAY}"
        return f":{self.server} {start}\r\n".encode(), f":{self.server} {end}\r\n".encode()

    def _note(self, event: Event, ids: bool) -> bytes:
        head = f":{self.server} NOTICE {event.room or '*'} :"
        size = MAX_LINE - 2 - len(head.encode())
        return self._join("", "", [head + part for line in in_words(event, ids) for part in pieces(line, size)])

    def answer(self, answer: Answer) -> bytes:
        user = answer.session.user
        nick = user.name.shown if user is not None else "*"
        data = answer.data or {}
        lines: list[str] = []
        if answer.kind == "irc":
            lines = answer.text.split("\n") if answer.text else []
        elif answer.kind in ("room", "invite") or data.get("code") in _UNSAID:
            return b""
        elif answer.kind == "closing":
            lines = [f"ERROR :{answer.text}"]
        elif answer.kind == "read":
            time = data["time"]
            until = f"timestamp={_time(time)}" if isinstance(time, int) else "*"
            lines = [f":{self.server} MARKREAD {data['target']} {until}"]
        elif answer.kind == "account" and user is not None:
            was = data.get("was", nick)
            who, account = f"{was}!{user.card.ident}@{user.card.host}", data.get("account")
            number = f"900 {was} {who} {account}" if account else f"901 {was} {who}"
            lines = [f":{self.server} {number} :{answer.text}"]
            if self._is_service:
                lines.append(f":{self._voice} NOTICE {nick} :{answer.text}")
        elif answer.kind == "metadata":
            lines = [self._metadata(nick, str(data["target"]), str(data["key"]), data["value"])]
        elif answer.kind == "watch":
            lines = [f":{self.server} {730 if data['here'] else 731} {nick} :{data['name']}"]
        elif answer.kind == "info" and data.get("code") == "away":
            lines = [f":{self.server} 301 {nick} {data['name']} :{data['away']}"]
        elif answer.kind == "info" and data.get("code") == "invited":
            lines = [f":{self.server} 341 {nick} {data['name']} {data['room']}"]
        elif answer.kind == "error" and "standard-replies" in self._has and not self._is_service:
            code = str(data.get("code", "refused")).upper().replace("-", "_")
            lines = [f":{self.server} FAIL * {code} :{answer.text}"]
        else:
            head = f":{self._voice} NOTICE {nick} :"
            lines = [head + part for part in pieces(answer.text, MAX_LINE - 2 - len(head.encode()))]
        return self._join("", "", lines)

    def _metadata(self, nick: str, target: str, key: str, value: object) -> str:
        if "draft/metadata-3" not in self._has:
            return f":{self.server} METADATA {target} {key} *" + (f" :{value}" if value is not None else "")
        if value is None:
            return f":{self.server} 766 {nick} {target} {key} :key not set"
        return f":{self.server} 761 {nick} {target} {key} * :{value}"

    def enclose(self, label: str, said: bytes, first: bool = True, last: bool = True) -> bytes:
        """Mark lines as the answer to a labelled command. IRCv3 labeled-response."""
        lines = said.split(b"\r\n")[:-1]
        if first and last:
            if not lines:
                return f"@label={label} :{self.server} ACK\r\n".encode()
            if len(lines) == 1 or "batch" not in self._has or _is_batch(lines):
                return _tagged(lines[0], f"label={label}") + said[len(lines[0]) :]
        inner = [line if _in_batch(line) else _tagged(line, "batch=answer") for line in lines]
        if first:
            inner.insert(0, f"@label={label} :{self.server} BATCH +answer labeled-response".encode())
        if last:
            inner.append(f":{self.server} BATCH -answer".encode())
        return b"".join(line + b"\r\n" for line in inner)

    # Parts

    def _write(self, event: Event, batch: str = "") -> bytes:
        """
        @param batch: the name of the batch that it is sent in.
        """
        talk = _TALK.get(event.kind)
        if talk is None:
            return self._join(*self._tags(event, batch), self._lines(event))
        if not event.text:
            return b""
        command, action = talk
        where = event.room or event.target
        card = event.card
        source = f":{event.actor}!{card.ident}@{card.host}"
        head = f"{source} {command} {where} :"
        form = event.form
        if form is None and not action and len(head) + len(event.text) < FITS and "\n" not in event.text:
            return f"{self._tags(event, batch)[0]}{_one_line(head + event.text)}\r\n".encode()
        size = MAX_LINE - 2 - len(head.encode())
        lines = form.lines if isinstance(form, Written) else [(line, False) for line in event.text.split("\n")]
        if action:
            said = [part for line, _ in lines for part in pieces(line, size - len(action) - 2)]
            return self._join(*self._tags(event, batch), [f"{head}\x01{action}{part}\x01" for part in said if part])
        if "draft/multiline" in self._has and "batch" in self._has:
            folded = [(p, c if i == 0 else True) for line, c in lines for i, p in enumerate(fold(line, size))]
            if len(folded) > 1:
                return self._write_batch(event, batch, source, head, folded)
        said = [part for line, _ in lines for part in pieces(line, size)]
        return self._join(*self._tags(event, batch), [head + part for part in said if part])

    def _write_batch(
        self, event: Event, batch: str, source: str, head: str, lines: Sequence[tuple[str, bool]]
    ) -> bytes:
        """A message of several lines. IRCv3 multiline."""
        name = f"m{event.id}"
        outer = f"@batch={batch} " if batch else ""
        start, _ = self._tags(event, batch)
        said = [f"{start}{source} BATCH +{name} draft/multiline {event.room or event.target}\r\n"]
        for text, continues in lines:
            said.append(f"@batch={name}{';draft/multiline-concat' if continues else ''} {head}{_one_line(text)}\r\n")
        said.append(f"{outer}:{self.server} BATCH -{name}\r\n")
        return "".join(said).encode()

    def _join(self, first: str, others: str, lines: Iterable[str]) -> bytes:
        """Lines as they go out.

        @param first, others: the tags of the first, which may have what names one message only, and of the others.
        """
        said = []
        head = first
        for line in lines:
            said.append(head + cut(_one_line(line), MAX_LINE - 2) + "\r\n")
            head = others
        return "".join(said).encode()

    def _tags(self, event: Event, batch: str = "") -> tuple[str, str]:
        """What stands before a line, if anything: for the first line of an event, and for the others."""
        if self._untagged and not batch:
            return "", ""
        has, card = self._has, event.card
        tags = [f"batch={batch}"] if batch else []
        if "server-time" in has:
            tags.append("time=" + _time(event.time))
        if "account-tag" in has and card.registered:
            tags.append("account=" + escape(event.actor))
        id = ""
        if "message-tags" in has:
            if card.bot:
                tags.append("bot")
            kind = event.kind
            if kind in ANSWERING and event.target:
                tags.append(f"+draft/reply={event.target};+reply={event.target}")
            if kind in _SIGNS:
                tags.append(_SIGNS[kind] + escape(cut(event.text, MAX_SIGN_SIZE)))
            if event.tags:
                tags.append(event.tags)
            id = str(event.id) if event.id else event.form if kind is Kind.TAGS and isinstance(event.form, str) else ""
        others = f"@{';'.join(tags)} " if tags else ""
        return (f"@{';'.join([*tags[:1], 'msgid=' + id, *tags[1:]])} " if id else others), others

    def _lines(self, event: Event) -> Sequence[str]:
        """What happened, but was not said, as lines without tags."""
        source = f":{event.actor}!{event.card.ident}@{event.card.host}"
        where = event.room or event.target
        kind = event.kind
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
        if isinstance(event.form, Changes):
            return tuple(changed(event) + line for line in event.form.lines)
        change = write_change(event.text, event.target, event.aside)
        if change is None:
            whose = f" for {event.target}" if event.target else ""
            return (f":{self.server} NOTICE {event.room} :{event.actor} set {event.text}{whose}",)
        return (f"{source} MODE {event.room} {' '.join(filter(None, change))}",)

    def _role(self, source: str, event: Event) -> Sequence[str]:
        return self._mode(f":{self.server}", event)

    def _announce(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} NOTICE * :{event.text}",)

    def _delete(self, source: str, event: Event) -> Sequence[str]:
        if "draft/message-redaction" not in self._has:
            return ()
        id, reason = deleted(event)
        return (f"{source} REDACT {event.room or event.target} {id}" + (f" :{reason}" if reason else ""),)

    def _tagmsg(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} TAGMSG {event.room or event.target}",) if "message-tags" in self._has else ()

    def _program(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} {event.form} {event.room or event.target} :{event.text}",)

    def _away(self, source: str, event: Event) -> Sequence[str]:
        if "away-notify" not in self._has:
            return ()
        return (f"{source} AWAY :{event.text}" if event.text else f"{source} AWAY",)

    def _account(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} ACCOUNT {event.text or '*'}",) if "account-notify" in self._has else ()

    def _wallops(self, source: str, event: Event) -> Sequence[str]:
        return (f"{source} WALLOPS :{event.text}",)

    def _room_rename(self, source: str, event: Event) -> Sequence[str]:
        """IRCv3 draft/channel-rename. The others are told by leaving and entering: see chat/renaming.py."""
        if "draft/channel-rename" not in self._has:
            return ()
        return (f"{source} RENAME {event.room} {event.target} :{event.text}",)

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
    Kind.UNREACTION: IRCFormat._tagmsg,
    Kind.PROGRAM: IRCFormat._program,
    Kind.TAGS: IRCFormat._tagmsg,
    Kind.INVITE: IRCFormat._invite,
    Kind.ROOM_RENAME: IRCFormat._room_rename,
    Kind.ROLE: IRCFormat._role,
    Kind.AWAY: IRCFormat._away,
    Kind.ACCOUNT: IRCFormat._account,
    Kind.PROFILE: IRCFormat._profile,
    Kind.WALLOPS: IRCFormat._wallops,
}


@lru_cache(maxsize=64)
def _time(milliseconds: int) -> str:
    """A time as IRCv3 server-time has it."""
    time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(text: str) -> str:
    """A text that cannot end its line early. All texts have been made so before: here nothing gets past."""
    return clean(text) if "\n" in text or "\r" in text or "\0" in text else text


def _tagged(line: bytes, tag: str) -> bytes:
    """A line with one more tag."""
    return b"@" + tag.encode() + (b";" + line[1:] if line.startswith(b"@") else b" " + line)


def _in_batch(line: bytes) -> bool:
    """Whether a line says that it belongs to a batch."""
    return line.startswith(b"@") and any(tag.startswith(b"batch=") for tag in line[1:].partition(b" ")[0].split(b";"))


def _is_batch(lines: Sequence[bytes]) -> bool:
    """Whether these lines are just one batch."""
    first, last = (line.partition(b" ")[2] if line.startswith(b"@") else line for line in (lines[0], lines[-1]))
    opened, closed = _BATCH.match(first), _BATCH.match(last)
    return bool(opened and closed and opened[1] == b"+" and closed[1] == b"-" and opened[2] == closed[2])


class Dialects(Mapping[str, Dialect]):
    """The formats by the capabilities they are for, separated by blanks: each one object, as long as some client is
    written to in it. Of all the sets that a client could try one after another, none stays.

    @ivar forms: the program chooses, not who uses it.
    """

    forms = ()

    def __init__(self, server: str) -> None:
        self.server = server
        self._made: WeakValueDictionary[str, IRCFormat] = WeakValueDictionary()

    def __getitem__(self, capabilities: str) -> Dialect:
        format = self._made.get(capabilities)
        if format is None:
            format = self._made[capabilities] = IRCFormat(self.server, frozenset(capabilities.split()))
        return Dialect(format, format)

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
