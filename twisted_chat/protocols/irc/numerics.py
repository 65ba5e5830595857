"""Which numeric says what the chat refuses. modern.ircdocs.horse, "Numerics"."""

from __future__ import annotations

# By the code of a refusal: the numeric, which is followed by what was asked for and the chat's own sentence.
REFUSALS: dict[str, int] = {
    "no-such-user": 401,
    "no-such-room": 403,
    "bad-room": 403,
    "muted": 404,
    "moderated": 404,
    "slow": 404,
    "too-many-rooms": 405,
    "bad-name": 432,
    "reserved": 432,
    "name-in-use": 433,
    "registered": 433,
    "confusable": 433,
    "own-name": 433,
    "not-member": 441,
    "not-in-room": 442,
    "no-room": 442,
    "in-room": 443,
    "banned": 474,
    "full": 471,
    "invite-only": 473,
    "bad-key": 475,
    "too-many": 478,
    "not-admin": 481,
    "wrong-password": 464,
    "not-allowed": 482,
    "not-registered": 482,
}

# Those that do not say what was asked for.
BARE = frozenset({464, 465, 481})
# Those that name a person, and those that name a person and a room; all others name a room.
_OF_PERSON = frozenset({401})
_OF_BOTH = frozenset({441, 443})


def about(number: int, target: str | tuple[str, str]) -> tuple[str, ...]:
    """What a numeric names.

    @param target: what was asked for: as it is, or a person and a room.
    """
    if number in BARE:
        return ()
    if isinstance(target, str):
        return (target,)
    return target if number in _OF_BOTH else target[:1] if number in _OF_PERSON else target[1:]
