"""The terminal client, on twisted.internet.stdio. docs/client.md tells how it is made."""
