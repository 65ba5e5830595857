"""IRC: every IRC client in the same rooms."""

from . import (  # noqa: F401  # each enters its commands into the table
    account,
    chanserv,
    history,
    listing,
    metadata,
    modes,
    monitor,
    multiline,
    nickserv,
    operators,
    profile,
    queries,
    registration,
    rooms,
    talking,
    who,
    whois,
)
from .verbs import VERBS

__all__ = ["VERBS"]
