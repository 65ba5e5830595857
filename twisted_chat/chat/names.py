"""What may be a name, when two names are one, and when they only look like one."""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from .errors import Refused

MAX_LENGTH = 32
# What a name may have beside letters and digits.
SIGNS = frozenset("-_.[]{}\\|^`")
ROOM_SIGNS = SIGNS | frozenset("+#&")

# Names that would pass for the server, or for what other chats call their services.
RESERVED = frozenset({"admin", "chanserv", "everyone", "nickserv", "operserv", "root", "server", "system"})

# Made by tests/chat/lookalikes.py of the confusables data of Unicode TS 39.
_TABLE = Path(__file__).with_name("lookalikes.txt")

# What the profiles admit as it is (RFC 8264, section 9.11), case apart; they take ten times as long to say so.
_ASCII7 = re.compile("[!-~]+")


class Name(NamedTuple):
    """A checked name.

    @ivar shown: as its owner writes it, normalised (NFC, no full-width forms).
    @ivar key: what it is compared by; two names with one key are the same name.
    @ivar skeleton: what it looks like; two names with one skeleton are confusable.
    """

    shown: str
    key: str
    skeleton: str


def parse_name(text: str) -> Name:
    """Check a person's name.

    The characters are letters and digits of any script, as far as RFC 8265 (the PRECIS profiles UsernameCasePreserved
    and UsernameCaseMapped) admits them, combining marks as letters' parts, C{-_.}, and those that RFC 2812, section
    2.3.1, allows in a nickname.

    @raise Refused: (C{"bad-name"}) it is not a name; the sentence says why.
    """
    return _parse(text, SIGNS)


@lru_cache(maxsize=4096)
def _parse(text: str, signs: frozenset[str]) -> Name:
    shown, key = _enforce(text.strip())
    if not shown or not all(c in signs or unicodedata.category(c)[0] in "LM" or c.isdecimal() for c in shown):
        raise Refused("bad-name", "A name has letters, digits and - _ . [ ] { } \\ | ^ ` only, and no blanks.")
    if len(shown) > MAX_LENGTH or len(key) > MAX_LENGTH:
        raise Refused("bad-name", f"A name has at most {MAX_LENGTH} characters.")
    if not any(c.isalnum() for c in shown):
        raise Refused("bad-name", "A name needs a letter or a digit.")
    return Name(shown, key, skeleton(shown))


def _enforce(text: str) -> tuple[str, str]:
    """What the profiles make of a text: how it is shown, and compared; empty when they do not admit it."""
    if _ASCII7.fullmatch(text):
        return text, text.lower()
    shows, compares = _profiles()
    try:
        shown = shows.enforce(text)
        return shown, compares.enforce(shown)
    except UnicodeEncodeError:
        return "", ""


@cache
def _profiles() -> tuple[Any, Any]:
    """RFC 8265's profiles: how a name is shown, and compared."""
    from precis_i18n import get_profile  # noqa: PLC0415  # names in ASCII can do without, and so can the start

    return get_profile("UsernameCasePreserved"), get_profile("UsernameCaseMapped:CaseFold")


def parse_room(text: str) -> Name:
    """Check a room's name; the leading C{#} may be left out. A room is always shown by its key.

    It may have C{+#&} beside what a name may have: C{#c++}, C{##team}.

    @raise Refused: (C{"bad-room"}) it is not a room's name; the sentence says why.
    """
    text = text.strip()
    try:
        key = _parse(text.removeprefix("#"), ROOM_SIGNS).key
    except Refused as why:
        raise Refused("bad-room", why.sentence.replace("A name", "A room's name, after its #,")) from None
    return Name("#" + key, "#" + key, "#" + skeleton(key))


def skeleton(text: str) -> str:
    """What a text looks like: every character replaced by the one that stands for all its look-alikes.

    After the C{skeleton} of Unicode TS 39, section 4, on its confusables data, and case-folded.
    """
    if text.isascii():
        return text.translate(_of_ascii).casefold()
    return unicodedata.normalize("NFD", text).translate(_of_all()).casefold()


@cache
def _of_all() -> dict[int, str]:
    return _read_prototypes(_TABLE.read_bytes())


def _read_prototypes(table: bytes) -> dict[int, str]:
    """For each character with look-alikes, the text that stands for its whole group."""
    prototypes: dict[int, str] = {}
    for line in table.decode("unicode_escape").split("\n"):
        prototype, tab, others = line.partition("\t")
        if tab:
            prototypes.update(dict.fromkeys(map(ord, others), prototype))
    return prototypes


# The groups with characters of ASCII come first, up to a blank line: most names need no others.
_of_ascii = _read_prototypes(_TABLE.read_bytes().partition(b"\n\n")[0])
