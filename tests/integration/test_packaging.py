"""What is built can be installed, and is known from any folder."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from daemon import ROOT, Daemon, DaemonCase

from twisted_chat import __version__

# Seconds for making an environment, and for what is fetched into it.
LONGEST = 60
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "dropin.cache", "tests.*")


class PackagingTests(DaemonCase):
    timeout = 600

    def run_in(self, environment: Path, *command: str) -> str:
        """Run a program of an environment, with nothing of ours in its way."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP"))}
        result = subprocess.run(
            [str(environment / "bin" / command[0]), *command[1:]],
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=LONGEST * 3,
            check=False,
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def fresh_environment(self) -> Path:
        """One that can build; without network this test is skipped."""
        environment = self.folder / "environment"
        try:
            subprocess.run([sys.executable, "-m", "venv", environment], check=True, timeout=LONGEST)
            pip = [environment / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "build"]
            subprocess.run(pip, check=True, timeout=LONGEST, capture_output=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            self.skipTest(f"no environment can be made here: {error}")
        return environment

    def test_built_and_installed(self) -> None:
        if not os.environ.get("TWISTED_CHAT_PACKAGING"):
            self.skipTest("takes long: set TWISTED_CHAT_PACKAGING=1 for it")
        environment = self.fresh_environment()
        source, built = self.folder / "source", self.folder / "built"
        shutil.copytree(ROOT, source, ignore=LEFT_OUT)
        # The sdist, and from it the wheel.
        self.run_in(environment, "python", "-m", "build", "--outdir", str(built), str(source))
        (sdist,), (wheel,) = built.glob("*.tar.gz"), built.glob("*.whl")
        with tarfile.open(sdist) as archive:
            packed = {name.partition("/")[2] for name in archive.getnames()}
        self.assertLessEqual(
            {"setup.cfg", "pyproject.toml", "LICENSE", "twisted/plugins/twisted_chat_plugin.py"}, packed
        )
        self.assertEqual(wheel.name.split("-")[1], __version__)
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
        ours = {str(path.relative_to(source)) for path in (source / "twisted_chat").rglob("*") if path.is_file()}
        self.assertEqual({name for name in names if name.startswith("twisted_chat/")}, ours)
        self.assertEqual(
            {name for name in names if name.startswith("twisted/")}, {"twisted/plugins/twisted_chat_plugin.py"}
        )

        self.run_in(environment, "pip", "install", "-q", "--disable-pip-version-check", str(wheel))
        for program in ("twistd", "twist"):
            self.assertIn("chat ", self.run_in(environment, program, "--help"))
            self.assertIn("--line=", self.run_in(environment, program, "chat", "--help"))
        self.assertIn("--nick", self.run_in(environment, "twisted-chat", "--help"))
        self.run_in(environment, "pip", "check")
        daemon = Daemon(self.folder, program=str(environment / "bin" / "twistd"))
        self.addCleanup(daemon.kill)
        daemon.start()
        self.assertIn(f"twisted-chat {__version__} is up", daemon.log())
        kim = self.client(daemon, "kim")
        kim.send("installed")
        kim.until("[kim] installed\n")
