"""Whether a password is right: slow on purpose, so in threads, and not as often as one likes."""
