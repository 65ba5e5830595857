"""Who is kept out of a room, or quiet in it, and who is not.

Every function here takes C{where}, the name of the room that it is about: C{None} for the session's current one.
"""

from __future__ import annotations

from . import moderation
from .acts import Act, Answer, Private, Session, Step
from .chat import Chat, span
from .errors import Refused
from .events import Event, Kind
from .masks import Who, parse_mask
from .permissions import EXCEPTIONS, Ban, Role, parse_duration
from .rooms import Room, User

MAX_BANS = 200
# In bytes: the longest name with an ident and a host has 161, and IRC has room for 204 beside other long names.
MAX_MASK_SIZE = 200
# Each list of a room, and what it takes to change it.
LISTS = {"ban": "ban", "mute": "mute", **{f"except-{what}": "ban" for what in EXCEPTIONS}}


def table(room: Room, what: str) -> dict[str, Ban]:
    """
    @param what: one of L{LISTS}.
    """
    if what == "ban":
        return room.bans
    return room.mutes if what == "mute" else room.exceptions[what.removeprefix("except-")]


def ban(
    chat: Chat,
    session: Session,
    mask: str,
    duration: str | None,
    reason: str = "",
    where: str | None = None,
    put_out: bool = True,
    tell: bool = True,
) -> Event | None:
    """Keep someone out of the current room. Who is in it is put out, or else may no longer speak.

    @param mask: see chat/masks.py.
    @param duration: such as C{2h}; C{None} for ever.
    @param tell: whether the session is answered, beside what the room is told.
    @return: what the whole room is told.
    @raise Refused: C{"not-allowed"}, C{"bad-mask"}, C{"too-many"} or C{"too-long"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    chat.check_may(user, room, "ban", "ban someone")
    made = make_ban(chat, user, mask, duration, reason, everyone=True)
    victims = [m for m in room.members if made.matches(chat.who(m)) and m is not user] if put_out else []
    for victim in victims:
        moderation.check_outranks(chat, user, room, victim.name.key, victim)
    _check_account(chat, user, room, made)
    told = _keep(chat, session, user, room, "ban", made, tell)
    for victim in victims:
        moderation.put_out(chat, session, user, victim, room, made.reason or "banned")
    return told


def mute(
    chat: Chat, session: Session, mask: str, duration: str | None, where: str | None = None, tell: bool = True
) -> Event | None:
    """Keep someone quiet in the current room. Whom it is about loses their voice there, but may be given it again.

    @raise Refused: as L{ban}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    chat.check_may(user, room, "mute", "mute someone")
    made = make_ban(chat, user, mask, duration, "")
    # All others neither outrank whoever may do this, nor have a voice to lose; there may be thousands of them.
    above = [m for m in room.members if m is not user and chat.role(m, room) >= Role.VOICE]
    victims = [m for m in above if made.matches(chat.who(m))]
    for victim in victims:
        moderation.check_outranks(chat, user, room, victim.name.key, victim)
    _check_account(chat, user, room, made)
    told = _keep(chat, session, user, room, "mute", made, tell)
    for victim in victims:
        if chat.role(victim, room) is Role.VOICE:
            moderation.set_role(chat, session, victim.name.shown, Role.VOICE, False, where)
    return told


def make_exception(
    chat: Chat, session: Session, what: str, mask: str, where: str | None = None, tell: bool = True
) -> Event | None:
    """Except someone from the bans or the mutes of the current room, or from the need for an invitation.

    @param what: one of L{EXCEPTIONS}.
    @raise Refused: as L{ban}; C{"usage"}: there is no such exception.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    chat.check_may(user, room, "ban", "make an exception")
    _check_exception(what)
    made = make_ban(chat, user, mask, None, "", everyone=True)
    return _keep(chat, session, user, room, f"except-{what}", made, tell)


def lift(
    chat: Chat, session: Session, mask: str, what: str, where: str | None = None, tell: bool = True
) -> Event | None:
    """Take back a ban, a mute or an exception.

    @param what: one of L{LISTS}.
    @raise Refused: C{"not-allowed"}, C{"no-such-ban"}, C{"bad-mask"} or C{"usage"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    if what not in LISTS:
        _check_exception(what.removeprefix("except-"))
    chat.check_may(user, room, LISTS[what], f"take back {_a(what)}")
    key, made = parse_mask(mask, everyone=True), table(room, what)
    if key not in made:
        raise Refused("no-such-ban", f"There is no {_name(what)} of {mask} in {room.name}.")
    lifted = made.pop(key)

    def undo() -> None:
        made[key] = lifted

    data = {"code": f"un{what}", "room": room.name, "mask": key}
    steps = [_tell(chat, user, room, f"-{what}", lifted), chat.audit(user.name.shown, f"un{what} in {room.name}", key)]
    told = Answer(session, "info", f"The {_name(what)} of {key} in {room.name} is lifted.", data)
    chat.outbox.add(Act(session, [*steps, *chat.keep_room(room), *([told] if tell else [])], undo))
    return steps[0] if isinstance(steps[0], Event) else None


def shown_bans(chat: Chat, user: User, room: Room) -> list[tuple[str, Ban]]:
    """The lists of a room as someone may see them: addresses are for ops only."""
    now, op = chat.now(), chat.role(user, room) >= Role.OP
    found = [(what, made) for what in LISTS for made in table(room, what).values()]
    return [(what, made) for what, made in found if made.holds(now) and (op or not made.by_address)]


def list_bans(chat: Chat, session: Session, where: str | None = None) -> None:
    """Tell who is banned from the current room, muted in it, and excepted.

    @raise Refused: C{"no-room"} or C{"not-in-room"}.
    """
    user, room = chat.user(session), chat.own_room(session, where)
    now = chat.now()
    lines, data = [], []
    for what, made in shown_bans(chat, user, room):
        until = f"for another {span(made.until - now)}" if made.until else "for ever"
        lines.append(f"{what} {made.mask} {until}, by {made.by}" + (f": {made.reason}" if made.reason else ""))
        data.append({"what": what, **made.record()})
    text = "\n".join(lines) or f"Nobody is banned from {room.name}."
    chat.answer(session, text, "bans", {"room": room.name, "bans": data})


def make_ban(chat: Chat, user: User, mask: str, duration: str | None, reason: str, everyone: bool = False) -> Ban:
    """A ban as someone asks for it; it is not kept yet.

    @param duration: such as C{2h}; C{None} for ever.
    @param everyone: see L{parse_mask}.
    @raise Refused: C{"bad-mask"} or C{"too-long"}.
    """
    reason = chat.reason(user, reason)
    now = chat.now()
    seconds = parse_duration(duration) if duration else None
    parsed = parse_mask(mask, everyone)
    if len(parsed.encode()) > MAX_MASK_SIZE:
        raise Refused("bad-mask", f"A mask has at most {MAX_MASK_SIZE} bytes.")
    return Ban(parsed, now + seconds if seconds else 0, reason, user.name.shown, now)


# Parts


def _check_exception(what: str) -> None:
    if what not in EXCEPTIONS:
        raise Refused("usage", f"There are exceptions of {', '.join(EXCEPTIONS)}, and none of {what[:32]}.")


def _check_account(chat: Chat, user: User, room: Room, made: Ban) -> None:
    """An account that is not here has its rank, too."""
    key = made.mask.removeprefix("a:")
    if chat.accounts.get(key) is not None:
        moderation.check_outranks(chat, user, room, key, None)


def _keep(chat: Chat, session: Session, user: User, room: Room, what: str, made: Ban, tell: bool) -> Event | None:
    now, kept = chat.now(), table(room, what)
    for mask in [mask for mask, old in kept.items() if not old.holds(now)]:
        del kept[mask]
    if len(kept) >= MAX_BANS and made.mask not in kept:
        raise Refused("too-many", f"{room.name} has {MAX_BANS} {_name(what)}s already.")
    old, invited = kept.get(made.mask), room.invited
    kept[made.mask] = made
    if what == "ban":
        # An invitation from before is no way around it.
        room.invited = {key for key in invited if not made.matches(_who(chat, key))}

    def undo() -> None:
        if old is None:
            kept.pop(made.mask, None)
        else:
            kept[made.mask] = old
        room.invited = invited

    length = f" for {span(made.until - now)}" if made.until else ""
    because = f": {made.reason}" if made.reason else ""
    data = {"code": what, "room": room.name, "mask": made.mask}
    text = f"The {_name(what)} of {made.mask} in {room.name} holds{length or ' for ever'}."
    steps = [_tell(chat, user, room, what, made)]
    steps.append(chat.audit(made.by, f"{what} in {room.name}{length}{because}", made.mask))
    told = [Answer(session, "info", text, data)] if tell else []
    chat.outbox.add(Act(session, [*steps, *chat.keep_room(room), *told], undo))
    return steps[0] if isinstance(steps[0], Event) else None


def _tell(chat: Chat, user: User, room: Room, what: str, made: Ban) -> Step:
    """What the room is told: of addresses the ops alone, and the log nothing."""
    text = f"{what} {made.mask}"
    if not made.by_address:
        return chat.event(Kind.MODE, room, user, "", text)
    ops = tuple(s for member in room.members if chat.role(member, room) >= Role.OP for s in member.sessions)
    return Private(ops, chat.passing(Kind.MODE, room, user, "", text))


def _who(chat: Chat, key: str) -> Who:
    user = chat.users.get(key)
    return chat.who(user) if user is not None else Who(key, account=key if chat.accounts.get(key) is not None else "")


def _name(what: str) -> str:
    return f"{what.removeprefix('except-')} exception" if what.startswith("except-") else what


def _a(what: str) -> str:
    name = _name(what)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
