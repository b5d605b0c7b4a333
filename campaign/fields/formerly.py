"""What earlier versions accepted, and campaigns that they started must go on accepting."""

from __future__ import annotations

from pydantic import ValidationInfo

AS_FORMERLY = {"as_formerly": True}
"""A validation context: accept identifiers and times that earlier versions accepted. For campaigns that
were started so, and only for those."""


def formerly(info: ValidationInfo) -> bool:
    """Return whether this reads what an earlier version accepted."""
    return bool(info.context and info.context.get("as_formerly"))
