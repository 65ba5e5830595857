"""The log as JSON: one object a line, for programs that collect logs."""

from __future__ import annotations

import json
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import IO, Any

from twisted.logger import FileLogObserver, ILogObserver, LogEvent, formatEvent
from twisted.python.logfile import LogFile

# What the older way of logging says beside the text.
REPEATED = ("isError", "system", "format", "message", "time")


def as_json(event: LogEvent) -> str:
    """
    @param event: as Twisted's loggers make it.
    @return: one line: C{time} (RFC 3339, UTC), C{level}, C{source}, C{text}, then what the text was made of, as far as
        that is texts, numbers and truth values, and C{traceback} where there is one.
    """
    found: dict[str, Any] = {
        "time": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds"),
        "level": getattr(event.get("log_level"), "name", "info"),
        "source": event.get("log_namespace") or event.get("log_system") or "-",
        "text": formatEvent(event),
    }
    for name, value in event.items():
        if not name.startswith("log_") and name not in REPEATED and isinstance(value, str | int | float | bool):
            found.setdefault(name, value)
    failure = event.get("log_failure")
    if failure is not None:
        found["traceback"] = failure.getTraceback()
    return json.dumps(found, ensure_ascii=False, default=str) + "\n"


def observer(file: IO[str]) -> ILogObserver:
    """A log observer that writes to a file."""
    return FileLogObserver(file, as_json)


class JSONLog:
    """Has the program that runs the daemon log so, to where it would log in its own form."""

    def __init__(self, program: MutableMapping[str, Any]) -> None:
        """
        @param program: the options of C{twistd} or C{twist}.
        """
        self._program = program
        self._file: LogFile | None = None
        # What --log-format says to twist, which opens the file itself.
        program["fileLogObserverFactory"] = observer

    def begin(self) -> ILogObserver:
        """Open the file that twistd would open.

        @return: what is to be the C{ILogObserver} of twistd's application.
        """
        path = self._program.get("logfile")
        if path == "-" or (self._program.get("nodaemon") and not path):
            return observer(sys.stdout)
        file: Any = LogFile.fromFullPath(path or "twistd.log")
        self._file = file
        return observer(file)

    def rotate(self) -> None:
        """Begin a new file, if there is one: what twistd does at SIGUSR1."""
        if self._file is not None:
            self._file.rotate()
