"""This machine: its cores, its limits, its name in a table's caption."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import socket
import time
from collections.abc import Iterator


def cores() -> tuple[int | None, int | None]:
    """The core for the server and the core for the load; None twice where they cannot be kept apart."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Processes started inside run on this core only, with all their threads."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def open_files() -> int:
    """Raise the limit of open files, which children inherit, as far as it goes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process with all its threads, to the nanosecond (a CPU clock id of Linux)."""
    return time.clock_gettime((~pid << 3) | 2)


def rss_kib(pid: int) -> int:
    """The memory of a process that is resident."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() // 1024


def describe() -> str:
    """One line for captions."""
    model = ""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        names = [line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")]
        model = f" ({names[0]})" if names else ""
    kernel = platform.release().split("-")[0]
    return f"{os.cpu_count()} cores{model}, {platform.system()} {kernel}, Python {platform.python_version()}"
