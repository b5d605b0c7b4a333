"""Makers of definitions with the segments and tiers that a test is about."""

from __future__ import annotations

import tomllib
from typing import Any

from campaign.definition.loading import parse_definition
from campaign.definition.model import Definition
from campaign.definition.segments.conditions import Condition
from campaign.errors import BadCampaign
from tests.facts import CAMPAIGN

RAW = tomllib.loads(CAMPAIGN.read_text("utf-8"))
STEP = {**RAW["steps"][0], "audiences": [{"segments": ["*"], "email": "thank_you"}]}


def condition(text: str) -> Condition:
    """A condition as a marketer writes it: ``orders = { at_least = 2 }``."""
    return Condition.model_validate(tomllib.loads(text))


def segmented(*whens: str, **changes: Any) -> Definition:
    """The default campaign with the segments ``s0``, ``s1``, ...; the last takes everyone."""
    segments = [{"name": f"s{n}", "when": tomllib.loads(when)} for n, when in enumerate(whens)]
    rows = [*segments, {"name": "rest"}]
    return Definition.model_validate({**RAW, "segments": rows, "steps": [STEP], **changes})


def mistakes(text: str) -> list[str]:
    """The problems of a definition, as a marketer reads them."""
    try:
        parse_definition(text)
    except BadCampaign as error:
        return [str(problem) for problem in error.problems]
    return []
