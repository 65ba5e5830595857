"""Compiles the C parts (the load and the floor server) on first use."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


class NoCompiler(Exception):
    """There is no C compiler here."""


def compiler() -> str | None:
    """The C compiler: $CC, or the first of the usual names that is installed."""
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


def cache() -> Path:
    """The folder for what is compiled; it is safe to delete."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "twisted-chat-bench"


def build(name: str) -> Path:
    """Compile ``name``.c of this folder, unless this very source has been compiled before."""
    source = HERE / f"{name}.c"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
    program = cache() / f"{name}-{digest}"
    if program.exists():
        return program
    cc = compiler()
    if cc is None:
        raise NoCompiler(f"{source.name} needs a C compiler (cc, gcc, clang, or $CC), and none is installed")
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_name(f"{program.name}.{os.getpid()}")
    subprocess.run([cc, "-O2", "-o", str(unfinished), str(source)], check=True)
    unfinished.replace(program)
    return program
