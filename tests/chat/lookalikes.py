"""How twisted_chat/chat/lookalikes.txt is made: C{python tests/chat/lookalikes.py} writes it anew.

The daemon reads the finished table: making it takes longer than all the rest of its start.
"""

from collections import defaultdict
from pathlib import Path
from unicodedata import normalize

from confusable_homoglyphs.confusables import confusables_data

TABLE = Path(__file__).parents[2] / "twisted_chat" / "chat" / "lookalikes.txt"
HEAD = """\
# Characters that look alike, after the confusables data of Unicode TS 39.
# Made by tests/chat/lookalikes.py. A line is a group: the text that stands for all, a tab, the others.
# The groups with characters of ASCII among the others come first, then a blank line, then the rest.
# The data is (c) Unicode, Inc., under the Unicode License v3, https://www.unicode.org/license.txt
"""


def groups() -> dict[str, list[str]]:
    """For each text that stands for a group, the other characters of the group.

    The data is a list of pairs; a group is what they connect. A group with a sequence in it (C{m} and C{rn}) is
    represented by the sequence, so that writing the sequence out is recognised too.
    """
    group: dict[str, str] = {}

    def find(text: str) -> str:
        while (above := group.setdefault(text, text)) != text:
            group[text] = group[above]
            text = above
        return text

    for text, others in confusables_data.items():
        for other in others:
            one, two = find(text), find(other["c"])
            if one != two:
                low, high = sorted((one, two), key=lambda t: (-len(t), t))
                group[high] = low
    prototypes = {ord(text): find(text) for text in group if len(text) == 1 and find(text) != text}

    def settled(text: str) -> str:
        """What is left when all that a sequence is made of has been replaced, too."""
        while (replaced := normalize("NFD", normalize("NFD", text).translate(prototypes))) != text:
            text = replaced
        return text

    found = defaultdict(list)
    for code, prototype in sorted(prototypes.items()):
        found[settled(prototype)].append(chr(code))
    return found


def table() -> str:
    """What the file has to be."""
    first, rest = "", ""
    for prototype, others in sorted(groups().items()):
        line = _escaped(f"{prototype}\t{''.join(others)}") + "\n"
        if any(map(str.isascii, others)):
            first += line
        else:
            rest += line
    return f"{HEAD}{first}\n{rest}"


def _escaped(line: str) -> str:
    """In ASCII, as the codec unicode_escape reads it; the tab stays."""
    return line.encode("unicode_escape").decode("ascii").replace("\\t", "\t")


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="ascii")
