"""IRC: every IRC client in the same rooms."""

from . import registration, rooms, talking  # noqa: F401  # each enters its commands into the table
from .verbs import VERBS

__all__ = ["VERBS"]
