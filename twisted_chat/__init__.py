"""A chat daemon on Twisted: many protocols, one set of rooms, every message on disk before anyone sees it."""

__version__ = "0.1.0"
