"""Whether a text is meant for someone."""

from __future__ import annotations

from twisted_chat.client.completion import fold


def mentions(text: str, name: str) -> bool:
    """
    @param text: what was said.
    @param name: someone's.
    @return: whether the name stands in the text as a word of its own, in any case of letters.
    """
    if not name:
        return False
    folded, wanted = fold(text), fold(name)
    at = folded.find(wanted)
    while at >= 0:
        before, after = folded[:at][-1:], folded[at + len(wanted) :][:1]
        if not _in_name(before) and not _in_name(after):
            return True
        at = folded.find(wanted, at + 1)
    return False


def _in_name(character: str) -> bool:
    return character.isalnum() or (character != "" and character in "-_")
