"""Messages of several lines: IRCv3 client-batch and multiline."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from ...chat.text import MAX_LINES
from . import talking
from .capabilities import MAX_BYTES
from .message import Message
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

CAPABILITY = "draft/multiline"
CONCAT = "draft/multiline-concat"
_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,64}")


class Multiline:
    """A message of which not all lines are there yet.

    @ivar reference: what the client calls it.
    @ivar label: what it wants the answer to be marked with.
    """

    def __init__(self, reference: str, target: str, tags: dict[str, str], label: str) -> None:
        """
        @param target: whom it is for.
        @param tags: of the whole message.
        """
        self.reference = reference
        self.label = label
        self._target = target
        self._tags = tags
        self._command = ""
        self._lines: list[tuple[str, bool]] = []
        self._size = 0

    def add(self, message: Message) -> tuple[str, ...]:
        """Take a line in.

        @return: what is wrong with it: the code, what it is about, a sentence; nothing for nothing.
        """
        command, params = message.command, message.params
        if command not in ("PRIVMSG", "NOTICE") or len(params) < 2 or self._command not in ("", command):
            return ("MULTILINE_INVALID", "A message of several lines is made of PRIVMSG lines, or of NOTICE lines.")
        target, text = params[0], params[1]
        if target.lower() != self._target.lower():
            return ("MULTILINE_INVALID_TARGET", self._target, target, "All lines have one target.")
        continues = CONCAT in message.tags
        if continues and (not text or not self._lines):
            return ("MULTILINE_INVALID", "Only a line with a text can go on where another ends.")
        self._command = command
        self._size += len(text.encode()) + (1 if self._lines and not continues else 0)
        self._lines.append((text, continues))
        if len(self._lines) > MAX_LINES:
            return ("MULTILINE_MAX_LINES", str(MAX_LINES), f"A message has at most {MAX_LINES} lines.")
        if self._size > MAX_BYTES:
            return ("MULTILINE_MAX_BYTES", str(MAX_BYTES), f"A message has at most {MAX_BYTES} bytes.")
        return ()

    def say(self, connection: IRCProtocol) -> None:
        """All lines are there."""
        if not self._lines or not talking.say(connection, self._command, self._target, self._lines, self._tags):
            connection.fail("BATCH", "MULTILINE_INVALID", text="A message has a line that is not blank.")


@verb("BATCH", 1)
def batch(connection: IRCProtocol, message: Message) -> None:
    """Begins and ends a message of several lines: BATCH +name draft/multiline target, the lines, BATCH -name."""
    sign, reference = message.params[0][:1], message.params[0][1:]
    label = message.tags.get("label", "") if "labeled-response" in connection.caps else ""
    open, connection.multiline = connection.multiline, None
    problem: tuple[str, ...] = ()
    if sign == "-" and open is not None and reference == open.reference:
        connection.labelled(open.label, partial(open.say, connection))
        return
    if sign == "-" and reference == connection.failed_batch:
        connection.failed_batch = None
        return
    if open is not None or sign != "+":
        problem = ("MULTILINE_INVALID", "There is no such batch, or one too many.")
    elif not _REFERENCE.fullmatch(reference):
        problem = ("INVALID_REFTAG", reference, "A batch's name has letters, digits and - only.")
    elif message.params[1:2] != [CAPABILITY] or CAPABILITY not in connection.caps:
        problem = ("UNKNOWN_TYPE", reference, *message.params[1:2], "There is no such type of batch.")
    elif len(message.params) < 3 or "," in message.params[2]:
        problem = ("MULTILINE_INVALID", "A message of several lines has one target.")
    else:
        connection.multiline = Multiline(reference, message.params[2], message.tags, label)
        return
    connection.failed_batch = reference
    *context, text = problem[1:]
    connection.labelled(label, partial(connection.fail, "BATCH", problem[0], *context, text=text))


def take(connection: IRCProtocol, message: Message) -> None:
    """A line that says to be part of a batch."""
    open, reference = connection.multiline, message.tags["batch"]
    if open is not None and reference == open.reference:
        problem = open.add(message)
    elif reference == connection.failed_batch:
        return
    else:
        problem = ("MULTILINE_INVALID", "There is no such batch.")
    if problem:
        connection.multiline, connection.failed_batch = None, open.reference if open is not None else reference
        *context, text = problem[1:]
        fail = partial(connection.fail, "BATCH", problem[0], *context, text=text)
        connection.labelled(open.label if open is not None else "", fail)
