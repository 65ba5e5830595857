"""IRC: every IRC client in the same rooms."""

from . import operators, queries, registration, rooms, talking, who, whois  # noqa: F401  # each enters its commands into the table
from .verbs import VERBS

__all__ = ["VERBS"]
