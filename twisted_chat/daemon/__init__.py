"""The process: options, start and stop, TLS, the log, numbers."""
