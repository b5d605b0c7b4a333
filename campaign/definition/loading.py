"""TOML text -> `Definition`, with every mistake listed at once; and back to the text that is stored."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import ValidationError

from campaign.definition.model import Definition
from campaign.definition.references import reference_problems
from campaign.errors import BadCampaign, Problem
from campaign.problems import UNKNOWN_FIELD, problems_of
from campaign.toml_files import read_toml

DIGEST_LENGTH = 16
_ALIKE = 0.75
"""How near a misspelled key must be to one that there is: `difflib`'s ratio."""


BRAND_FILE = "brand.toml"
"""Beside campaign.toml: what would stand in its [brand]."""


def parse_definition(text: str, file: str = "campaign.toml", brand: str | None = None) -> Definition:
    """Read a campaign. ``brand`` is the text of its brand.toml, where there is one.

    Raises:
        BadCampaign: with every mistake: by line where the TOML is broken, else by key path.
    """
    raw = _with_brand(read_toml(text, file), file, brand)
    problems = [replace(problem, where=f"{file}: {problem.where}") for problem in reference_problems(raw)]
    try:
        definition = Definition.model_validate(raw)
    except ValidationError as error:
        problems = problems_of(error, file) + problems
    if problems:
        named = [_named(_suggested(problem), raw) for problem in problems]
        raise BadCampaign(named if brand is None else [_in_brand_file(problem, file) for problem in named])
    return definition


def _with_brand(raw: dict[str, Any], file: str, brand: str | None) -> dict[str, Any]:
    if brand is None:
        return raw
    if "brand" in raw:
        what = f"there is a {BRAND_FILE} beside it"
        raise BadCampaign([Problem(f"{file}: brand", what, "keep one of the two")])
    return {**raw, "brand": read_toml(brand, BRAND_FILE)}


def _in_brand_file(problem: Problem, file: str) -> Problem:
    start = f"{file}: brand."
    if not problem.where.startswith(start):
        return problem
    return replace(problem, where=f"{BRAND_FILE}: {problem.where.removeprefix(start)}")


def _suggested(problem: Problem) -> Problem:
    """Name the nearest key that a campaign has for one that it has not."""
    if problem.what != UNKNOWN_FIELD:
        return problem
    name = re.split(r"[.\s]", problem.where)[-1]
    near = get_close_matches(name, _keys() - {name}, 1, _ALIKE)
    return replace(problem, fix=f"did you mean {near[0]}?") if near else problem


@cache
def _keys() -> frozenset[str]:
    schema = Definition.model_json_schema(mode="validation")
    tables = [schema, *schema.get("$defs", {}).values()]
    return frozenset(key for table in tables for key in table.get("properties", {}))


def _named(problem: Problem, raw: dict[str, Any]) -> Problem:
    """Add its name to ``steps[2]`` or ``segments[0]``: a marketer knows it by name."""

    def name_of(found: re.Match[str]) -> str:
        rows, number = raw.get(found[1]), int(found[2])
        row = rows[number] if isinstance(rows, list) and number < len(rows) else None
        name = row.get("name") if isinstance(row, dict) else None
        return f'{found[0]} ("{name}")' if name else found[0]

    return replace(problem, where=re.sub(r"(?<=: )(steps|segments)\[(\d+)\]", name_of, problem.where))


def definition_text(definition: Definition) -> str:
    """Return the canonical JSON of a definition: equal definitions give equal text."""
    return json.dumps(definition.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def definition_digest(definition: Definition) -> str:
    """Return the name of this very version: the start of the SHA-256 of its canonical JSON."""
    return hashlib.sha256(definition_text(definition).encode()).hexdigest()[:DIGEST_LENGTH]


def stored_definition(text: str) -> Definition:
    """Read back what `definition_text` wrote."""
    return Definition.model_validate_json(text)


def definition_schema() -> dict[str, Any]:
    """Return the JSON Schema for editors (mode: what a person writes)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Definition.model_json_schema(mode="validation"),
        "title": "Afterglow campaign",
    }
