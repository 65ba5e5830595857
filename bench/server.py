"""One running server: started in a folder of its own, waited for, stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from bench.machine import free_port, pinned
from bench.peers import ROOT, Peer


class ServerFailed(Exception):
    """The server did not come up."""


class Server:
    """
    ``with Server(peer, core) as server:`` has it running, and listening on ``server.port``.

    The folder (configuration, database, logs) is gone afterwards, unless it was given.
    """

    def __init__(self, peer: Peer, core: int | None, folder: Path | None = None) -> None:
        self.peer = peer
        self.core = core
        self.port = 0
        self.started = 0.0  # when the process was started, on the monotonic clock
        self._given = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Server:
        self.folder = self._given or Path(tempfile.mkdtemp(prefix=f"bench-{self.peer.name}-"))
        self.port = free_port()
        command = self.peer.command(self.folder, self.port)
        # Python keeps what it has compiled, as it does of what is installed.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.started = time.monotonic()
        with open(self.folder / "output.log", "wb") as output, pinned(self.core):
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, env=environment,
            )  # fmt: skip
        try:
            self._wait(self.started + 60)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _wait(self, limit: float) -> None:
        assert self._process is not None
        while time.monotonic() < limit:
            if self._process.poll() is not None:
                raise ServerFailed(f"{self.peer.name} ended at once: {self.last_words()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.002)
        raise ServerFailed(f"{self.peer.name} does not listen: {self.last_words()}")

    def last_words(self) -> str:
        """The end of what it wrote anywhere."""
        said = ""
        for log in [self.folder / "output.log", *sorted(self.folder.glob("*.log"))]:
            said += log.read_text(encoding="utf-8", errors="replace")[-1000:] if log.exists() else ""
        return said.strip() or "(it said nothing)"

    def _stop(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._given is None:
            shutil.rmtree(self.folder, ignore_errors=True)
