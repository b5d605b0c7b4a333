"""One version of a campaign: its definition and the texts of its templates, named by one digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from campaign.definition.loading import DIGEST_LENGTH, definition_digest, definition_text
from campaign.definition.model import Definition
from campaign.definition.templates import TemplateTexts


@dataclass(frozen=True)
class Version:
    """What a running campaign keeps. ``templates`` is None for one that began before versions kept them."""

    definition: Definition
    templates: TemplateTexts | None = None

    @cached_property
    def digest(self) -> str:
        """The version's name: a change of the definition or of any template is another version."""
        if self.templates is None:
            return definition_digest(self.definition)
        both = f"{definition_text(self.definition)}\n{self.templates.digest}"
        return hashlib.sha256(both.encode()).hexdigest()[:DIGEST_LENGTH]
