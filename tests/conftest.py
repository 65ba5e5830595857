"""What all tests share: where their helpers are found, and how hypothesis looks for counterexamples."""

import os
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

HERE = Path(__file__).parent
for folder in (HERE.parent, HERE, HERE / "store", HERE / "chat", HERE / "daemon", HERE / "protocols" / "irc"):
    sys.path.insert(0, str(folder))

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "twisted-chat-hypothesis")

# No database of examples: nothing is written beside the tests. On a build machine every run looks at the same examples.
settings.register_profile(
    "chat",
    deadline=None,
    database=None,
    max_examples=60,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("chat")
