"""Benchmarks of the daemon against real peers: ``python -m bench --help``."""
