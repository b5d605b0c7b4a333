"""Each provider stands in its own folder, and the business knows none of them."""

from __future__ import annotations

import pytest

from tests.facts import ROOT

PROVIDERS = sorted(path.name for path in (ROOT / "channels").iterdir() if (path / "codes.py").exists())


def test_every_provider_has_the_same_files() -> None:
    """What is sent, what its codes and events mean, and how it signs."""
    assert PROVIDERS == ["sendgrid", "twilio"]
    for name in PROVIDERS:
        files = {path.name for path in (ROOT / "channels" / name).glob("*.py")}
        assert {"send.py", "codes.py", "events.py", "signature.py"} <= files


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_business_names_no_provider(name: str) -> None:
    """D: neither in code nor in data of `campaign`, so that another provider changes nothing there."""
    files = [path for path in (ROOT / "campaign").rglob("*") if path.suffix in (".py", ".toml")]
    assert files
    assert [path.name for path in files if name in path.read_text("utf-8").lower()] == []
