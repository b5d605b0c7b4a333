"""Templates that a step names and that are not in the folder."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from campaign.definition.model import Definition
from campaign.errors import Problem
from campaign.reasons import Channel
from content.rendering import SUFFIXES
from content.sources import Source, paths_of, text_of

_OPT_IN = "consent.sms_opt_in"


def is_there(source: Source, channel: Channel, name: str) -> bool:
    """Return whether the top folder has a template."""
    return text_of(source, SUFFIXES[channel].format(name)) is not None


def missing_templates(
    definition: Definition, source: Source, wanted: list[tuple[Channel, str]], file: str
) -> list[Problem]:
    """List each template of ``wanted`` that is missing, by who names it, with the nearest that is there."""
    absent = {(channel, name) for channel, name in wanted if not is_there(source, channel, name)}
    named = list(_named(definition))
    problems = (
        Problem(f"{file}: {where}", f'no such template: "{name}"', _fix(source, channel, name))
        for where, channel, name in named
        if (channel, name) in absent
    )
    return list(dict.fromkeys(problems))  # without_offer is of both channels


def _named(definition: Definition) -> Iterator[tuple[str, Channel, str]]:
    for number, step in enumerate(definition.steps):
        for place, audience in enumerate(step.audiences):
            where = f'steps[{number}] ("{step.name}").audiences[{place}]'
            for channel in Channel:
                if name := audience.template(channel):
                    yield f"{where}.{channel}", channel, name
                    if audience.without_offer:
                        yield f"{where}.without_offer", channel, audience.without_offer
    yield _OPT_IN, Channel.SMS, definition.consent.sms_opt_in


def _fix(source: Source, channel: Channel, name: str) -> str:
    before, _, after = SUFFIXES[channel].partition("{}")
    found = [path for path in paths_of(source) if path.startswith(before) and path.endswith(after)]
    names = [path.removeprefix(before).removesuffix(after) for path in found]
    near = get_close_matches(name, [one for one in names if not one.startswith("_")], 1)
    return f'did you mean "{near[0]}"?' if near else f"create {SUFFIXES[channel].format(name)}"
