"""Runs the load (load.c) against a server and reads what it found."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field, fields
from typing import Any

from bench.build import build
from bench.machine import pinned


class LoadFailed(Exception):
    """The load could not be carried through; the text says why."""


@dataclass(frozen=True)
class Load:
    """What the clients do; load.c says what each number means."""

    clients: int = 100
    senders: int = 1
    rooms: int = 1
    batch: int = 64
    messages: int = 0
    window: int = 64
    rate: float = 0
    burst: int = 1
    payload: int = 50
    stalled: int = 0
    rest: float = 0

    def arguments(self) -> list[str]:
        return [f"{f.name}={getattr(self, f.name)}" for f in fields(self)]


@dataclass(frozen=True)
class Outcome:
    """What came of it. ``login`` and ``talk`` hold the members that load.c prints."""

    login: dict[str, float]
    talk: dict[str, float] = field(default_factory=dict)

    def values(self) -> dict[str, float]:
        """The figures of the tables, as far as they were measured."""
        kept = self.login
        known = {
            "login_cpu_s": kept["cpu"],
            "login_seconds": kept["settled"],
            "login_cpu_us": kept["cpu"] * 1e6 / kept["clients"],
            "kib_per_client": (kept["rss_kib"] - kept["rss_empty_kib"]) / kept["clients"],
            "rss_mib": kept["rss_kib"] / 1024,
        }
        talk = self.talk
        if talk.get("deliveries"):
            known |= {
                "deliveries_s": talk["deliveries"] / talk["seconds"],
                "cpu_us": talk["cpu"] * 1e6 / talk["deliveries"],
                "p50_ms": talk["p50_us"] / 1e3,
                "p99_ms": talk["p99_us"] / 1e3,
                "max_ms": talk["max_us"] / 1e3,
                "rss_growth_mib": (talk["rss_peak_kib"] - kept["rss_kib"]) / 1024,
                "gone_after_s": talk["gone_after"],
            }
        return known


def run(load: Load, protocol: str, port: int, pid: int, core: int | None, timeout: float = 900) -> Outcome:
    """Put this load on the server of that process."""
    command = [str(build("load")), f"protocol={protocol}", f"port={port}", f"pid={pid}", *load.arguments()]
    command.append(f"spin={int(core is not None)}")
    with pinned(core):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException as error:
        process.kill()
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise LoadFailed(f"not done after {timeout:g} s") from None
        raise
    return parse(out, err)


def parse(out: str, err: str = "") -> Outcome:
    """The outcome, or LoadFailed with what the load said was wrong."""
    lines = out.strip().splitlines()
    try:
        said: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise LoadFailed(f"the load ended without a result: {(out + err).strip()[-500:]}") from None
    if "error" in said:
        raise LoadFailed(said["error"])
    return Outcome(said["login"], said.get("talk", {}))
