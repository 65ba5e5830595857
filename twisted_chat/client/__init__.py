"""The terminal client, on twisted.internet.stdio."""

from importlib import metadata


def version() -> str:
    """
    @return: the installed version, or C{unknown} in a checkout that is not installed.
    """
    try:
        return metadata.version("twisted-chat")
    except metadata.PackageNotFoundError:
        return "unknown"
