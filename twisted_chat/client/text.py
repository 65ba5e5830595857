"""What is safe to show: text from the server without anything that a terminal or a reader would obey."""

from __future__ import annotations

import re

#: C0 (the tab apart, see below), DEL and C1; line and paragraph separators; bidi embeddings, overrides,
#: isolates and marks; halves of surrogate pairs, which JSON can carry and UTF-8 cannot; interlinear and tag
#: characters.
_HARMFUL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """
    Make *text* harmless for a terminal.

    @param text: anything, from anyone.
    @return: the same with a blank for every tab and U+FFFD for every character that could move the cursor,
        start a control sequence, end the line, reorder what is shown or not be encoded.
    """
    return _HARMFUL.sub(REPLACEMENT, text.replace("\t", " "))


def escape_json(text: str) -> str:
    """
    Make one line of JSON harmless for a terminal without changing what it means.

    @param text: a JSON text; characters beyond ASCII stand only within its strings.
    @return: the same with harmful characters written as C{\\uXXXX}.
    """

    def escaped(match: re.Match[str]) -> str:
        units = match.group().encode("utf-16-be", "surrogatepass").hex()
        return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))

    return _HARMFUL.sub(escaped, text)
