"""The rules of the chat. Nothing here does I/O or knows the reactor: time is passed in, effects are returned."""
