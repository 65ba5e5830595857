"""The options in a file: TOML, each option under its name on the command line, checked as strictly as there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.python.usage import UsageError

# What the value of an option without its own check must be, by the default that it has.
_WORDS = {bool: "true or false", int: "a whole number", str: "a text in quotes", list: "a list of texts in quotes"}


class ConfigurationError(ValueError):
    """A file that cannot be used. The message is one line for the operator, and names the file and the key."""


def read(
    path: str, defaults: Mapping[str, Any], checks: Mapping[str, Callable[[Any], Any]], also: Sequence[str] = ()
) -> dict[str, Any]:
    """
    @param defaults: the options that there are, and what each is when nothing is said.
    @param checks: for options with a check of their own: turns the text or number that was said into the value.
    @param also: options that may be a number as well as a text.
    @return: what the file says, checked.
    @raise ConfigurationError: it cannot be read, or says what no option is.
    """
    import tomllib  # noqa: PLC0415  # only those who have such a file wait for it

    try:
        with open(path, "rb") as file:
            said = tomllib.load(file)
    except OSError as error:
        raise ConfigurationError(f"cannot read the configuration: {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {' '.join(str(error).split())}") from error
    values: dict[str, Any] = {}
    for key, value in said.items():
        if key not in defaults:
            raise ConfigurationError(f"{path}: {key!r}: there is no such option")
        try:
            values[key] = _checked(value, defaults[key], checks.get(key), key in also)
        except (ValueError, TypeError, UsageError) as error:
            raise ConfigurationError(f"{path}: {key!r}: {error}") from error
    return values


def _checked(value: Any, default: Any, check: Callable[[Any], Any] | None, also_number: bool) -> Any:
    kind = type(default) if default is not None else int if check is int else str
    if kind is list and isinstance(value, str):
        value = [value]
    if kind is str and default in ("yes", "no") and isinstance(value, bool):
        value = "yes" if value else "no"
    if kind is str and (also_number or (check is not None and check is not int)) and type(value) is int:
        value = str(value)
    if type(value) is not kind or (isinstance(value, list) and not all(isinstance(one, str) for one in value)):
        raise TypeError(f"should be {_WORDS[kind]}, not {_shown(value)}")
    return check(value) if check is not None else value


def _shown(value: object) -> str:
    text = "a table" if isinstance(value, dict) else repr(value)
    return text if len(text) < 60 else text[:60] + "…"
