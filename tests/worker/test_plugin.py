"""What client, worker and replayer agree on."""

from __future__ import annotations

from worker.plugin import LeanPayloadConverter


def test_encodings_are_made_once() -> None:
    """The SDK makes a converter for each workflow task: all share what pydantic has learnt of types."""
    first, second = LeanPayloadConverter(), LeanPayloadConverter()
    assert first.converters.keys() >= {b"json/plain", b"binary/null"}
    assert all(first.converters[name] is second.converters[name] for name in first.converters)
