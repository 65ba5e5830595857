"""Has testssl.sh look at a listener with TLS, and fails on whatever it finds worse than good.

    python tests/integration/testssl.py --program /opt/testssl.sh/testssl.sh

Needs testssl.sh: Debian's package of version 3.0 checks all but the rating, which came with 3.2.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "daemon"), str(HERE.parents[1])]

from daemon import Daemon  # noqa: E402
from tls_support import make  # noqa: E402

# What a certificate made for a test cannot have, or what is a setting of the machine that asks.
OF_THE_TEST = ("cert_", "DNS_CAArecord", "OCSP_stapling", "engine_problem", "old_fart")
BAD = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN", "FATAL")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=shutil.which("testssl.sh") or shutil.which("testssl") or "testssl.sh")
    parser.add_argument("--show", action="store_true", help="show all that it says")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chat-testssl-"))
    authority = make(folder, "authority", ca=True)
    made = make(folder, "localhost", authority, days=90)
    line = f"tls:0:cert={made.cert_file}:key={made.key_file}:interface=127.0.0.1"
    daemon = Daemon(folder, "--database", ":memory:", lines=(line,)).start()
    try:
        assert not isinstance(daemon.address, str)
        found = folder / "found.json"
        command = [options.program, "--warnings", "off", "--quiet", "--color", "0", "--ip", "one", "--nodns", "min"]
        command += ["--add-ca", str(authority.cert_file), "--jsonfile", str(found), f"localhost:{daemon.address[1]}"]
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=folder, env={**os.environ, "TERM": "dumb"}, check=False, timeout=1200,
        )  # fmt: skip
        if options.show:
            print(result.stdout)
        findings = json.loads(found.read_text()) if found.exists() else []
    finally:
        daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)
    for finding in findings:
        if finding["id"] in ("overall_grade", "final_score", "TLS1_2", "TLS1_3") or "VULNERABLE" in finding["finding"]:
            print(f"{finding['id']}: {finding['finding']}")
    bad = [one for one in findings if one["severity"] in BAD and not one["id"].startswith(OF_THE_TEST)]
    for finding in bad:
        print(f"{finding['severity']} {finding['id']}: {finding['finding']}")
    checked = sum(one.get("cve", "") != "" for one in findings)
    print(f"{len(findings)} findings, {checked} about known vulnerabilities, {len(bad)} bad")
    return 1 if bad or checked < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
