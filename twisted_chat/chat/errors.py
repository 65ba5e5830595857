"""Why something was refused."""

from __future__ import annotations


class Refused(Exception):
    """The chat's rules do not allow it. Nothing has changed.

    @ivar code: a stable word for programs and for other protocols' numerics, such as C{"name-in-use"}.
    @ivar sentence: what to tell the person, one line, complete with what would be right.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence

    def again(self) -> Refused:
        """The same, to raise one that is kept: one that is raised keeps all that it has passed through."""
        return Refused(self.code, self.sentence)
