"""Read a campaign with its templates from files, with every mistake of both listed at once."""

from __future__ import annotations

from pathlib import Path

from campaign.definition.loading import BRAND_FILE, parse_definition
from campaign.definition.model import Definition
from campaign.errors import BadCampaign, Problem
from campaign.reasons import Channel
from content.checking.claims import claim_problems
from content.checking.examples import full_example
from content.checking.missing import is_there, missing_templates
from content.checking.rendered import check_templates
from content.gathering import brand_of
from content.rendering import SUFFIXES
from content.sms_report import sms_costs, too_long
from content.sources import Source
from content.writing.language import ROOMS

CAMPAIGN_FILE = "campaign.toml"
PLACEHOLDER_DOMAIN = "example.com"


def load_campaign(path: Path, templates: Source, *, production: bool = False) -> Definition:
    """Read and check a campaign and every template it names.

    In production the sample brand is refused: its addresses lead nowhere.

    Raises:
        BadCampaign: with every mistake, in the definition and in the templates.
    """
    definition = read_definition(path)
    brand = brand_of(definition)
    wanted = wanted_templates(definition)
    there = [one for one in wanted if is_there(templates, *one)]
    problems = missing_templates(definition, templates, wanted, path.name)
    problems += check_templates(templates, there, brand)
    problems += claim_problems(definition, templates)
    broken = {problem.where.partition(":")[0] for problem in problems}
    broken |= {SUFFIXES[channel].format(name) for channel, name in wanted if (channel, name) not in there}
    problems += too_long(sms_costs(definition, templates, full_example(brand), without=broken))
    if production:
        problems += _placeholders(definition, path.name)
    if problems:
        raise BadCampaign(problems)
    return definition


def named_campaign(path: Path) -> tuple[Path, Path | None]:
    """Return a campaign's file and the folder that it is in, or None where that folder has no templates.

    ``path`` is the file or its folder.

    Raises:
        BadCampaign: there is no such file.
    """
    file = path / CAMPAIGN_FILE if path.is_dir() else path
    if not file.is_file():
        fix = f"name a {CAMPAIGN_FILE} or the folder that it is in"
        raise BadCampaign([Problem(str(file), "no such file", fix)])
    return file, file.parent if any((file.parent / room).is_dir() for room in ROOMS) else None


def read_definition(path: Path) -> Definition:
    """Read a campaign without its templates; its brand is in brand.toml beside it, else in itself.

    Raises:
        BadCampaign: with every mistake in it.
    """
    brand = path.with_name(BRAND_FILE)
    try:
        text = path.read_text("utf-8")
        brand_text = brand.read_text("utf-8") if brand.is_file() else None
    except OSError:
        raise BadCampaign(
            [Problem(str(path), "cannot be read", "name a file that can be read (AFTERGLOW_CAMPAIGN)")]
        ) from None
    return parse_definition(text, path.name, brand_text)


def wanted_templates(definition: Definition) -> list[tuple[Channel, str]]:
    """Return every template that a step names, once."""
    wanted = {
        (channel, name)
        for step in definition.steps
        for audience in step.audiences
        for channel in Channel
        for offered in (True, False)
        if (name := audience.template(channel, offered=offered))
    }
    if definition.consent.sms_double_opt_in and any(channel is Channel.SMS for channel, _ in wanted):
        wanted.add((Channel.SMS, definition.consent.sms_opt_in))
    return sorted(wanted)


def _placeholders(definition: Definition, file: str) -> list[Problem]:
    return [
        Problem(f"{file}: brand.{name}", "is the sample's", "write your own before you go live")
        for name, value in definition.brand
        if PLACEHOLDER_DOMAIN in str(value) or "1 Sample Street" in str(value)
    ]
