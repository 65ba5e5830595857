"""The layout: which part may know which. Read from the source, so that an import inside a function counts too."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "twisted_chat"

# What each part may import of the package; a name stands for all that is below it.
ALLOWED = {
    "chat": {"chat"},
    "store.interface": {"chat.events"},
    "store": {"store", "chat.events"},
    "delivery": {"delivery", "chat", "store.interface"},
    "protocols": {"protocols", "delivery", "chat"},
    "auth": {"auth", "chat"},
    "housekeeping": {"chat", "store.interface"},
    "daemon": set(),  # each of its modules has a rule of its own
    "daemon.clock": set(),
    "daemon.configuration": set(),
    "daemon.listeners": {"daemon.tls"},
    "daemon.logs": set(),
    "daemon.metrics": {"auth", "chat", "daemon.tls", "daemon.watchdog", "delivery", "protocols"},
    "daemon.options": {"chat.accounts", "chat.text", "daemon.configuration", "daemon.logs", "protocols.limits"},
    "daemon.reload": {"chat", "daemon.options", "daemon.tls"},
    "daemon.service": {
        "auth",
        "chat",
        "daemon.logs",
        "daemon.options",
        "daemon.reload",
        "daemon.systemd",
        "daemon.watchdog",
        "delivery",
        "housekeeping",
        "protocols",
        "store.interface",
    },
    "daemon.systemd": set(),
    "daemon.tls": set(),
    "daemon.watchdog": {"daemon.systemd", "delivery.histogram"},
    "tap": {"auth", "chat", "daemon", "delivery", "housekeeping", "protocols", "store"},
    "admin": {"auth", "chat", "store", "delivery", "housekeeping"},
    "client": {"client"},
}

SQL = re.compile(
    r"\s*(SELECT\b.+\bFROM|INSERT INTO|UPDATE\b.+\bSET|DELETE FROM|CREATE (TABLE|INDEX)|PRAGMA)\b", re.DOTALL
)


@cache
def modules() -> dict[str, Path]:
    """All modules of the package, by name without the package's own."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(name: str, path: Path) -> set[str]:
    """All that a module imports, absolute; of the package's own the longest name that is a module."""
    package = [PACKAGE, *name.split(".")] if name else [PACKAGE]
    if path.name != "__init__.py":
        package = package[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            found |= {f"{module}.{alias.name}" for alias in node.names}
    known = {f"{PACKAGE}.{own}" if own else PACKAGE for own in modules()}
    return {_longest(target, known) if target.split(".")[0] == PACKAGE else target for target in found}


def _longest(target: str, known: set[str]) -> str:
    while target not in known:
        target = target.rpartition(".")[0]
    return target


def reached(name: str) -> dict[str, list[str]]:
    """All that is imported from a module on, and by which way."""
    all_modules, ways, left = modules(), {}, [(name, [name])]
    while left:
        module, way = left.pop()
        for target in imports(module, all_modules[module]):
            if target in ways:
                continue
            ways[target] = [*way, target]
            own = target.removeprefix(PACKAGE).removeprefix(".")
            if target.split(".")[0] == PACKAGE and own in all_modules:
                left.append((own, [*way, target]))
    return ways


class LayoutTests(SynchronousTestCase):
    def test_the_rules_and_the_stores_interface_know_no_reactor(self) -> None:
        pure = [name for name in modules() if name == "chat" or name.startswith("chat.")]
        self.assertGreater(len(pure), 7)
        for name in [*pure, "store.interface", "store.memory"]:
            for target, way in reached(name).items():
                self.assertFalse((target + ".").startswith("twisted.internet."), " -> ".join(way))

    def test_the_rules_do_no_input_or_output(self) -> None:
        for name in modules():
            if name.startswith("chat."):
                roots = {target.split(".")[0] for target in imports(name, modules()[name])}
                self.assertFalse(roots & {"os", "io", "socket", "sqlite3", "threading", "asyncio", "time"}, name)

    def test_imports_point_one_way(self) -> None:
        for name, path in modules().items():
            if not name:
                continue
            allowed = ALLOWED.get(name, ALLOWED[name.split(".")[0]])
            for target in imports(name, path):
                own = target.removeprefix(PACKAGE).removeprefix(".")
                if target.split(".")[0] == PACKAGE and own:
                    self.assertTrue(
                        any(own == part or own.startswith(part + ".") for part in allowed), f"{name} imports {own}"
                    )

    def test_every_part_has_its_rule(self) -> None:
        self.assertEqual({name.split(".")[0] for name in modules() if name}, {name.split(".")[0] for name in ALLOWED})

    def test_there_is_no_sql_outside_the_store(self) -> None:
        for name, path in modules().items():
            if name.split(".")[0] == "store":
                continue
            source = path.read_text(encoding="utf-8")
            self.assertNotIn("sqlite3", source, name)
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    self.assertIsNone(SQL.match(node.value), f"{name}: {node.value[:60]}")

    def test_only_the_place_where_all_is_put_together_imports_the_reactor(self) -> None:
        for name, path in modules().items():
            if name != "tap" and not name.startswith("client"):
                self.assertNotIn("twisted.internet.reactor", imports(name, path), name)
        for node in ast.parse(modules()["tap"].read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module == "twisted.internet":
                self.assertNotIn("reactor", [alias.name for alias in node.names])

    def test_twisteds_own_package_is_left_to_twisted(self) -> None:
        self.assertFalse((ROOT / "twisted" / "__init__.py").exists())
        self.assertFalse((ROOT / "twisted" / "plugins" / "__init__.py").exists())
        plugins = [path.name for path in (ROOT / "twisted").rglob("*.py")]
        self.assertEqual(plugins, ["twisted_chat_plugin.py"])

    def test_the_plugin_is_light(self) -> None:
        path = ROOT / "twisted" / "plugins" / "twisted_chat_plugin.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        self.assertEqual(found, ["twisted.application.service"])
        self.assertFalse([node for node in ast.walk(tree) if isinstance(node, ast.Import)])

    def test_what_is_seldom_wanted_is_not_waited_for_at_the_start(self) -> None:
        code = "import sys, twisted_chat.tap; print(*sys.modules)"
        loaded = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
        )
        needed = set(loaded.stdout.split())
        own = ("twisted_chat.daemon.tls", "twisted_chat.daemon.logs", "twisted_chat.protocols.irc")
        for name in ("prometheus_client", "tomllib", "twisted.web.server", "precis_i18n", "importlib.metadata", *own):
            self.assertNotIn(name, needed)
        # Data that is slow to read, and programs of their own.
        self.assertFalse(needed & {"confusable_homoglyphs", "wcwidth", "twisted_chat.client", "twisted_chat.admin"})

    def test_every_package_is_installed(self) -> None:
        setup = configparser.ConfigParser()
        setup.read(ROOT / "setup.cfg", encoding="utf-8")
        found = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / PACKAGE).rglob("__init__.py")}
        self.assertEqual(set(setup["options"]["packages"].split()), found | {"twisted.plugins"})


class RaisingTests(SynchronousTestCase):
    def test_no_exception_that_is_kept_is_raised(self) -> None:
        """Each time it would take the frames along that it passes through, and with them connections, for ever."""
        for path in sorted((ROOT / "twisted_chat").rglob("*.py")):
            for line in path.read_text(encoding="utf-8").splitlines():
                self.assertIsNone(re.search(r"\braise _?[A-Z][A-Z_]+(?!\w|\()( from .*)?$", line), f"{path}: {line}")
