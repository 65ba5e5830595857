"""Making what people write safe to show on other people's terminals."""

import re

# C0 (without the tab), DEL and C1; the line and paragraph separators; bidi embeddings, overrides and isolates
# (UAX #9): everything that can move a cursor, start an escape sequence, break a line or reorder what follows.
_HARMFUL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


# How many lines a message may have, where it may have several.
MAX_LINES = 32


def clean(text: str) -> str:
    """Replace every character that could do more than be seen by U+FFFD, and tabs by spaces.

    @param text: anything a client sent, decoded.
    @return: the text that may be stored and sent to others; it holds no line break of any kind. (A message of several
        lines is made of lines that have been through this, joined by C{"\\n"}.)
    """
    if text.isprintable():
        return text
    return _HARMFUL.sub("\ufffd", text.replace("\t", " "))
