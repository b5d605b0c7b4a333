"""What decides about messages does not pay for the models."""

from __future__ import annotations

import subprocess
import sys

from tests.facts import ROOT

CODE = "import sys, worker.run, campaign.rules.decision; print(sorted({'numpy', 'scipy'} & set(sys.modules)))"


def test_a_worker_starts_without_scipy() -> None:
    """Neither a worker's start nor a decision loads numpy or scipy: half a second, and 60 MB."""
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
