"""A short form of fuzz.py."""

from daemon import LOCAL, DaemonCase
from fuzz import fuzz


class FuzzTests(DaemonCase):
    """Mutated dialogues."""

    def test_irc(self) -> None:
        """Over IRC."""
        fuzz(self.daemon("--irc", LOCAL), "irc", 6_000, 1)

    def test_line(self) -> None:
        """Over the line protocol."""
        fuzz(self.daemon("--irc", LOCAL), "line", 6_000, 1)
