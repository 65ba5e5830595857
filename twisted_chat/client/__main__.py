"""The program C{twisted-chat}."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from typing import Any

from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogBeginner

from twisted_chat.client import console, history, pipe, screen, tty
from twisted_chat.client.config import ConfigError, Options, history_path, load
from twisted_chat.client.session import Session


def main() -> None:
    """
    Run the client with the arguments of the process, and end the process.

    @raise SystemExit: always; L{twisted_chat.client.config} lists the statuses.
    """
    tty.open_missing()
    try:
        options = load(sys.argv[1:], os.environ)
        status, complaint = Program(options).run()
    except ConfigError as problem:
        status, complaint = problem.status, str(problem)
    if complaint:
        print(f"twisted-chat: {complaint}", file=sys.stderr)
    sys.exit(status)


class Program:
    """One run: the reactor, the signals, and the terminal put back at the end."""

    def __init__(self, options: Options) -> None:
        # Not at the top: the reactor opens files, and open_missing() comes first.
        from twisted.internet import reactor  # noqa: PLC0415

        self._reactor: Any = reactor
        self._options = options
        self._terminal = tty.Terminal()
        self._interactive = (
            self._terminal.interactive() and not options.plain and not options.json and options.send is None
        )
        self._history_path = history_path(os.environ)
        self._history = history.load(self._history_path) if self._interactive else history.History()
        self._stopped = False
        self._fault = ""
        self._front: Any = None

    def run(self) -> tuple[int, str]:
        """
        @return: the exit status, and what to say on standard error.
        @raise ConfigError: when the connection cannot be made as the options say.
        """
        begin: Any = globalLogBeginner
        begin.beginLoggingTo([self._observe], redirectStandardIO=False, discardBuffer=True)
        problem: list[ConfigError] = []

        def start() -> None:
            try:
                if self._options.send is not None:
                    self._start_send()
                elif self._interactive:
                    self._start_console()
                else:
                    self._start_pipe()
            except ConfigError as error:
                problem.append(error)
                self._stop()
                return
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
                signal.signal(number, self._signalled)

        try:
            self._reactor.callWhenRunning(start)
            self._reactor.run()
        finally:
            self._terminal.restore()
        if self._interactive:
            history.save(self._history_path, self._history)
        if problem:
            raise problem[0]
        if self._fault:
            return pipe.FAULT, f"internal error\n{self._fault}"
        return self._front.status, self._front.complaint

    def _start_pipe(self) -> None:
        # Not at the top: both import the reactor.
        from twisted.internet.stdio import StandardIO  # noqa: PLC0415

        from twisted_chat.client.link import Link  # noqa: PLC0415

        self._front = front = pipe.Pipe(
            self._reactor, self._options, self._stop, ask=os.isatty(0), echo=self._terminal.echo
        )
        front.link = Link(self._reactor, self._options.server, front, self._options.timeout)
        standard: Any = StandardIO
        standard(pipe.PipeStdio(front), reactor=self._reactor)
        front.link.connect()

    def _start_send(self) -> None:
        from twisted_chat.client.link import Link  # noqa: PLC0415
        from twisted_chat.client.send import Send  # noqa: PLC0415

        self._front = front = Send(self._reactor, self._options, self._stop)
        front.link = Link(self._reactor, self._options.server, front, self._options.timeout)
        front.start()

    def _start_console(self) -> None:
        from twisted.internet.stdio import StandardIO  # noqa: PLC0415

        from twisted_chat.client.link import Link  # noqa: PLC0415

        options = self._options
        self._front = front = console.Console(
            self._reactor,
            options,
            lambda data: output.write(data),  # noqa: PLW0108 (made below)
            _size,
            self._history,
            self._stop,
            now=time.time,
            colours=256 if "256" in os.environ.get("TERM", "") or os.environ.get("COLORTERM") else 8,
            suspend=self._suspend,
        )
        front.session = Session(
            self._reactor,
            options,
            lambda owner: Link(self._reactor, options.server, owner, options.timeout),
            front,
            random.random,
        )
        self._enter()
        signal.signal(signal.SIGWINCH, lambda number, frame: self._reactor.callFromThread(front.resized))
        standard: Any = StandardIO
        output: Any = standard(console.ConsoleStdio(front), reactor=self._reactor)
        output.registerProducer(pipe.Valve(front.output_flow), True)
        front.session.start()
        front.draw()

    def _enter(self) -> None:
        """Take over the terminal."""
        self._terminal.farewell = screen.LEAVE
        self._terminal.raw()
        tty.write(1, screen.ENTER)

    def _suspend(self) -> None:
        """Ctrl-Z: give the terminal back, stop, and go on when the shell says so."""
        self._terminal.restore()
        os.kill(os.getpid(), signal.SIGSTOP)
        for fd in (0, 1):
            os.set_blocking(fd, False)
        self._enter()

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._reactor.stop()

    def _signalled(self, number: int, frame: object) -> None:
        self._reactor.callFromThread(self._front.interrupt, 128 + number)
        self._reactor.callFromThread(self._stop)

    def _observe(self, event: LogEvent) -> None:
        """The only use of the log: an error that Twisted caught would go unseen, and leave the client half dead."""
        if event.get("log_level") == LogLevel.critical and not self._fault:
            failure = event.get("log_failure")
            self._fault = failure.getTraceback() if failure is not None else formatEvent(event)
            self._reactor.callLater(0, self._stop)


def _size() -> tuple[int, int]:
    """The terminal's rows and columns."""
    try:
        columns, rows = os.get_terminal_size(1)
    except OSError:
        columns, rows = 0, 0
    return max(1, rows or 24), max(1, columns or 80)


if __name__ == "__main__":
    main()
