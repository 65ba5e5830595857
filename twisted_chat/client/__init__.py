"""The terminal client, on twisted.internet.stdio."""
