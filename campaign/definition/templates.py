"""The texts of a campaign's templates, as one version of it keeps them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType


class TemplateTexts:
    """Template files by path below the marketer's folder (``email/thank_you.mjml.j2``). Never changed.

    Equal texts are equal, and are the same key: what is made of them (compiled templates) is kept by it.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        """Keep the texts; those that versions have in common share their memory."""
        self.files: Mapping[str, str] = MappingProxyType(
            {path: sys.intern(str(text)) for path, text in sorted(files.items())}
        )

    @cached_property
    def stored(self) -> str:
        """The texts as JSON: equal texts give equal JSON."""
        return json.dumps(dict(self.files), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of `stored`."""
        return hashlib.sha256(self.stored.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, TemplateTexts) and self.digest == other.digest

    def __hash__(self) -> int:
        """Return a hash by content."""
        return hash(self.digest)

    def __repr__(self) -> str:
        """Name the version, not its texts."""
        return f"TemplateTexts({len(self.files)} files, {self.digest[:8]})"


def stored_texts(text: str) -> TemplateTexts:
    """Read back what `TemplateTexts.stored` wrote."""
    return TemplateTexts(json.loads(text))
