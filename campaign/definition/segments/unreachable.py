"""Segments that no customer can be in, as far as it is certain (`campaign.definition.segments.logic`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from campaign.definition.segments.conditions import Segment
from campaign.definition.segments.logic import EVERYONE, Formula, formula, negated, possible
from campaign.definition.steps import Step
from campaign.errors import Problem


def unreachable_segments(segments: Sequence[Segment]) -> Iterator[Problem]:
    """List the segments that nobody is in, whoever the customer is."""
    before: dict[str, Formula] = {}
    for number, segment in enumerate(segments):
        mine = formula(segment.rule)
        if possible([mine, *map(negated, before.values())]) is None:
            what, fix = _why(mine, before)
            yield Problem(f"segments[{number}]", f'nobody is in "{segment.name}": {what}', fix)
        before[segment.name] = mine


def overlapping_segments(segments: Sequence[Segment]) -> dict[str, list[str]]:
    """Return, by segment with conditions, those before it that a customer may fit as well."""
    before: dict[str, Formula] = {}
    found: dict[str, list[str]] = {}
    for segment in segments:
        mine = formula(segment.rule)
        if segment.rule is not None:
            found[segment.name] = [name for name, one in before.items() if possible([mine, one]) is not None]
        before[segment.name] = mine
    return {name: earlier for name, earlier in found.items() if earlier}


def unused_segments(segments: Sequence[Segment], steps: Sequence[Step]) -> list[str]:
    """Return the segments to which no step says anything."""
    return [one.name for one in segments if not any(step.audience(one.name) for step in steps)]


def skipped_steps(segments: Sequence[Segment], steps: Sequence[Step]) -> dict[str, list[str]]:
    """Return, by segment that some steps say something to, those that say nothing to it."""
    silent = {one.name: [step.name for step in steps if not step.audience(one.name)] for one in segments}
    return {name: missed for name, missed in silent.items() if 0 < len(missed) < len(steps)}


def _why(mine: Formula, before: dict[str, Formula]) -> tuple[str, str]:
    """Return why nobody is in a segment, and what to do."""
    if possible([mine]) is None:
        return "its conditions contradict each other", "correct them, or remove the segment"
    for name, earlier in before.items():
        if earlier == EVERYONE:
            return f'"{name}" before it takes everyone', f'end the list with "{name}"'
        if possible([mine, negated(earlier)]) is None:
            return f'who fits it fits "{name}" before it', f'move it above "{name}", or make that narrower'
    return "who fits it fits one of those before it", "move it up, or make those before it narrower"
