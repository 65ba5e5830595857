"""Lets the tests of this folder import the benchmark, which is part of the checkout but not of the package."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)
