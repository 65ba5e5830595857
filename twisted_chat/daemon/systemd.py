"""Telling systemd how the daemon is: sd_notify(3), a datagram to the socket that it names."""

from __future__ import annotations

import os
import socket
import time


def notify(state: str) -> None:
    """Tell a state, such as C{READY=1}. Nobody listens: nothing happens. Never raises.

    @param state: assignments as in sd_notify(3), one a line.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender:
            sender.sendto(state.encode(), address.replace("@", "\0", 1))
    except OSError:
        # It is told again with the next change.
        pass


def reloading() -> None:
    """Tell that files are being read again; C{READY=1} is to follow."""
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_pause() -> float | None:
    """How often systemd wants to hear C{WATCHDOG=1}, in seconds, with time to spare; C{None}: not at all."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        return int(os.environ["WATCHDOG_USEC"]) / 3e6
    except (KeyError, ValueError):
        return None
