"""What is given along for running it: the unit, the image and the example of a configuration fit the daemon."""

import json
import re
import shlex
import shutil
import subprocess
import sys

from daemon import PATIENCE, ROOT, DaemonCase, environment, script, wait_for

from twisted_chat.daemon.options import Options

CONTRIB = ROOT / "contrib"


class ConfigurationTests(DaemonCase):
    def test_the_example_is_understood_with_all_that_is_commented_out(self) -> None:
        text = (CONTRIB / "chat.toml").read_text()
        for variant in (text, re.sub(r"(?m)^(\s*)# (\w+ = |\")", r"\1\2", text)):
            path = self.folder / "chat.toml"
            path.write_text(variant)
            options = Options()
            options.parseOptions(["--config", str(path)])
            self.assertEqual(options["database"], "/var/lib/twisted-chat/chat.sqlite")
        self.assertEqual((len(options["line"]), len(options["irc"]), options["keep"]), (2, 2, "365d"))


class UnitTests(DaemonCase):
    def test_systemd_understands_the_unit(self) -> None:
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        unit = (CONTRIB / "twisted-chat.service").read_text()
        found = re.search(r"^ExecStart=(\S+)", unit, re.MULTILINE)
        assert found is not None
        copy = self.folder / "twisted-chat.service"
        copy.write_text(unit.replace(found[1], script("twistd")))
        result = subprocess.run(
            ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_its_command_starts_the_daemon(self) -> None:
        unit = (CONTRIB / "twisted-chat.service").read_text()
        found = re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)
        assert found is not None
        program, *options = shlex.split(found[1])
        self.assertTrue(program.endswith("/twistd"))
        config = self.folder / "chat.toml"
        config.write_text(f'line = "unix:{self.folder}/socket"\ndatabase = "{self.folder}/chat.sqlite"\n')
        options = [str(config) if option.endswith(".toml") else option for option in options]
        output = self.folder / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [script("twistd"), *options], cwd=self.folder, env=environment(), stdout=file, stderr=file
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: b"listening on" in output.read_bytes(), "listening")


class ImageTests(DaemonCase):
    def test_its_command_and_its_check_work(self) -> None:
        text = (CONTRIB / "Dockerfile").read_text().replace("\\\n", " ")
        said = {
            name: json.loads(array)
            for name, array in re.findall(r"^(ENTRYPOINT|CMD|HEALTHCHECK .*CMD) (\[.*\])$", text, re.M)
        }
        (check,) = (array for name, array in said.items() if name.startswith("HEALTHCHECK"))
        program, *options = [*said["ENTRYPOINT"], *said["CMD"]]
        self.assertEqual(program, "twistd")
        options = [re.sub(r"^tcp:\d+", "tcp:0", option) for option in options]
        output = self.folder / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [script(program), *options], cwd=self.folder, env=environment(), stdout=file, stderr=file
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: b"metrics at" in output.read_bytes(), "listening")
        port = re.search(r"metrics at 127.0.0.1:(\d+)", output.read_text())
        assert port is not None
        command = [sys.executable, *check[1:-1], check[-1].replace("9100", port[1])]
        self.assertEqual(subprocess.run(command, timeout=PATIENCE, check=False).returncode, 0)
        process.kill()
        process.wait()
        result = subprocess.run(command, timeout=PATIENCE, stderr=subprocess.DEVNULL, check=False)
        self.assertNotEqual(result.returncode, 0)

    def test_all_that_it_copies_is_there(self) -> None:
        for line in re.findall(r"^COPY (?!--)(.+)$", (CONTRIB / "Dockerfile").read_text(), re.M):
            for source in line.split()[:-1]:
                self.assertTrue((ROOT / source).exists(), source)
