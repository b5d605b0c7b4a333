"""What `afterglow check` says of SMS: what each costs at its longest, and how to make it cheaper."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from campaign.definition.model import Definition
from campaign.errors import BadCampaign, Unavailable
from campaign.reasons import Channel
from content.checking.examples import full_example
from content.gathering import brand_of
from content.loading import wanted_templates
from content.sms_report import Longest, SmsCost, fix_sms_templates, sms_costs, too_long
from settings import Settings
from starter.commands.console import out, table
from storage.database import Database
from storage.longest import longest_first_names, longest_product_names

#: As long as the code of a shortened link (``/c/{code}``).
_LINK_CODE = "x" * 8


def print_sms_costs(settings: Settings, definition: Definition, templates: Path) -> None:
    """Print what each SMS costs.

    Raises:
        BadCampaign: with the shop's own values a template takes too many segments.
    """
    link = f"{settings.public_url.rstrip('/')}/c/{_LINK_CODE}" if settings.public_url else None
    longest = longest_values(settings.database_url)
    costs = sms_costs(definition, templates, full_example(brand_of(definition)), longest, link)
    _print_table(costs)
    for cost in costs:
        _print_advice(cost)
    if problems := too_long(costs):
        raise BadCampaign(problems)


def fix_sms(definition: Definition, templates: Path) -> None:
    """Write the SMS templates' own text in characters that GSM-7 has."""
    names = [name for channel, name in wanted_templates(definition) if channel is Channel.SMS]
    changed = fix_sms_templates(templates, names)
    out.print(f"SMS templates changed: {', '.join(changed) or 'none'}", highlight=False)


def longest_values(database_url: str) -> Longest:
    """Return the longest names of the shop's data, or sample ones where there is no data yet."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return Longest()
    opened = Database(database_url)
    try:
        with opened.transaction() as session:
            people, products = longest_first_names(session), longest_product_names(session)
    except (SQLAlchemyError, Unavailable):
        return Longest()
    finally:
        opened.close()
    sample = Longest()
    return Longest(people or sample.first_names, products or sample.product_names)


def _print_table(costs: Sequence[SmsCost]) -> None:
    if not costs:
        return
    shown = table("SMS with the longest values", "template", "encoding", "length", "segments", "in UCS-2")
    for cost in costs:
        size = cost.size
        shown.add_row(cost.file, size.encoding, str(size.units), str(size.segments), str(cost.ucs2_segments))
    out.print(shown)


def _print_advice(cost: SmsCost) -> None:
    own, values = cost.own, cost.values
    for characters, offer in ((own, "check --fix-sms"), (values, "brand.sms_plain_characters = true")):
        if not characters:
            continue
        fixes = ", ".join(_fix(char, to) for char, to in characters.items())
        helps = any(to is not None for to in characters.values())
        end = f"; {offer} does it" if helps else ""
        whose = "its own text" if characters is own else "values"
        out.print(f"{cost.file}: UCS-2 because of {whose}: {fixes}{end}", markup=False, highlight=False)


def _fix(char: str, to: str | None) -> str:
    name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
    what = "no plain character" if to is None else f"write {to}" if to else "leave it out"
    return f"{char} ({name}): {what}"
