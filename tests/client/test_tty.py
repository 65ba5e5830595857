"""Tests for L{twisted_chat.client.tty}."""

import os
import pty
import termios

from twisted.trial.unittest import TestCase

from twisted_chat.client import tty


class TerminalTests(TestCase):
    def setUp(self) -> None:
        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, self.slave)
        self.patch(tty, "STANDARD", (self.slave,))

    def test_flags_and_modes_are_put_back(self) -> None:
        terminal = tty.Terminal()
        before = termios.tcgetattr(self.slave)
        changed = termios.tcgetattr(self.slave)
        changed[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self.slave, termios.TCSANOW, changed)
        os.set_blocking(self.slave, False)
        terminal.restore()
        self.assertEqual(termios.tcgetattr(self.slave), before)
        self.assertTrue(os.get_blocking(self.slave))

    def test_what_was_not_blocking_before_stays_so(self) -> None:
        os.set_blocking(self.slave, False)
        terminal = tty.Terminal()
        os.set_blocking(self.slave, True)
        terminal.restore()
        self.assertFalse(os.get_blocking(self.slave))

    def test_a_full_terminal_does_not_hold_up_the_end(self) -> None:
        self.patch(tty, "LAST_WORDS", 0.05)
        os.set_blocking(self.slave, False)
        try:
            while True:
                os.write(self.slave, b"x" * 4096)
        except BlockingIOError:
            pass
        tty.write(self.slave, b"farewell")

    def test_a_closed_terminal_is_no_error(self) -> None:
        master, slave = pty.openpty()
        self.patch(tty, "STANDARD", (slave,))
        terminal = tty.Terminal()
        os.close(slave)
        os.close(master)
        terminal.restore()

    def test_a_pipe_is_no_terminal(self) -> None:
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        self.patch(tty, "STANDARD", (read, write))
        terminal = tty.Terminal()
        self.assertFalse(terminal.interactive())
        os.set_blocking(read, False)
        terminal.restore()
        self.assertTrue(os.get_blocking(read))
