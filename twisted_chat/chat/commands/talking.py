"""Commands for talking, and for reading what was said."""

from __future__ import annotations

from .. import answering, history, ranks, status, talking
from ..acts import Answer, Recall, Session
from ..chat import REPLAY, Chat, counted
from ..errors import Refused
from ..events import Kind
from ..history import Part, Shown
from .table import command

MAX_HISTORY = 1_000_000
SEARCH_LIMIT = 20
GROUP = "Talking"


@command(GROUP, "msg", "NAME|#ROOM", "text")
def msg(chat: Chat, session: Session, name: str, text: str) -> None:
    """Says something to one person only. Who has an account and is not here receives it on coming back. "/msg #room"
    says it in that room, and "/msg @#room" to its ops only."""
    if name.startswith("#"):
        talking.say(chat, session, text, where=name.casefold())
    elif name[:1] in ranks.MARKS:
        ranks.say_to_rank(chat, session, text, name)
    else:
        talking.message(chat, session, text, name)


@command(GROUP, "me", "text")
def me(chat: Chat, session: Session, text: str) -> None:
    """Tells the room what you do: "/me waves" is shown as "* kim waves"."""
    talking.say(chat, session, text, Kind.ACTION)


@command(GROUP, "reply", "ID", "text")
def reply(chat: Chat, session: Session, id: str, text: str) -> None:
    """Says something in answer to a message. "/history ids" shows the messages' IDs."""
    answering.reply(chat, session, id, text)


@command(GROUP, "react", "ID", "sign")
def react(chat: Chat, session: Session, id: str, sign: str) -> None:
    """Reacts to a message with a sign, such as an emoji. "/history ids" shows the messages' IDs."""
    answering.to_message(chat, session, id, lambda room: answering.react(chat, session, id, sign, where=room))


@command(GROUP, "unreact", "ID", "sign")
def unreact(chat: Chat, session: Session, id: str, sign: str) -> None:
    """Takes back your reaction to a message."""
    kind = Kind.UNREACTION
    answering.to_message(chat, session, id, lambda room: answering.react(chat, session, id, sign, kind, room))


@command(GROUP, "away", "[text]")
def away(chat: Chat, session: Session, text: str | None) -> None:
    """Marks you as away; without a text, as back. With "*", only this connection: nobody sits there."""
    status.set_away(chat, session, text)


@command(GROUP, "history", "[n] [with NAME] [before ID | after ID] [ids]", cost=3)
def show_history(chat: Chat, session: Session, text: str | None) -> None:
    """Shows the last lines of the current room. "/history 50" shows the last 50 instead of 20,
    "/history 50 before ID" and "/history 50 after ID" those before or after a line's ID, and "/history 50 ids"
    shows the IDs too. "/history with NAME" shows what you and somebody said to each other directly."""
    words = (text or "").split()
    limit = REPLAY
    if words and words[0].isdecimal():
        limit = int(words.pop(0)[:9])
    name = None
    if len(words) > 1 and words[0].lower() == "with":
        name, words = words[1], words[2:]
    words = [word.lower() for word in words]
    ids = bool(words) and words[-1] == "ids"
    if ids:
        words.pop()
    bounds: dict[str, int] = {}
    if len(words) == 2 and words[0] in ("before", "after") and words[1].isdecimal() and len(words[1]) < 19:
        bounds[words[0]] = int(words[1])
    elif words:
        raise Refused("usage", "Usage: /history [n] [with NAME] [before ID | after ID] [ids]")
    if not 1 <= limit <= MAX_HISTORY:
        raise Refused("usage", f"/history shows from 1 to {MAX_HISTORY} lines.")
    part = Part(limit, bounds.get("before"), bounds.get("after"))
    if name is None:
        room = chat.own_room(session, None).name
        whose, title, data = f"of {room}", room, {"room": room}
    else:
        whose = f"with {name}"
        title, data = name, {"with": name}

    def end(lines: int) -> Answer:
        text = f"End of the history {whose}, {counted(lines, 'line')}."
        return Answer(session, "history", text, {**data, "lines": lines})

    shown = Shown(title=None if ids else title, ids=ids, end=end)
    if name is None:
        history.of_room(chat, session, None, part, shown)
    else:
        history.with_person(chat, session, name, part, shown)


@command(GROUP, "search", "words", cost=5)
def search(chat: Chat, session: Session, text: str) -> None:
    """Shows the newest messages with all these words, in the rooms you are in."""
    user = chat.user(session)
    if not any(c.isalnum() for c in text):
        raise Refused("usage", "Usage: /search words: letters or digits to look for.")
    found = tuple(room.name for room in user.rooms)

    def end(lines: int) -> Answer:
        return Answer(session, "search", f"Found {counted(lines, 'line')}.", {"lines": lines})

    words = tuple(text.split())
    chat.do(session, Recall(session, found, SEARCH_LIMIT, talk=True, words=words, end=end))


@command(GROUP, "unread", cost=3)
def unread(chat: Chat, session: Session) -> None:
    """Shows what was said in your rooms since you left them last time."""
    history.show_unread(chat, session)
