"""Bytes to calls on the chat, and events to bytes: one file for each protocol."""
