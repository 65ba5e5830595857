"""Why something was refused."""


class Refused(Exception):
    """The chat's rules do not allow it. Nothing has changed.

    @ivar code: a stable word for programs and for other protocols' numerics, such as C{"name-in-use"}.
    @ivar sentence: what to tell the person, one line, complete with what would be right.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
