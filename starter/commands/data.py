"""Commands about data: customers, products, the campaign's own checks."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from campaign.definition.loading import definition_schema
from campaign.definition.model import Definition
from campaign.definition.segments.unreachable import overlapping_segments, skipped_steps, unused_segments
from campaign.definition.version import Version
from campaign.errors import BadCampaign, BadInput, Problem
from campaign.wire import Customer, Product
from content.checking.attributes import attribute_problems
from content.checking.languages.localized import localized_problems, shop_language_problems
from content.checking.languages.tones import tone_problems
from content.checking.languages.translations import translation_problems
from content.gathering import brand_of
from content.loading import load_campaign, named_campaign, read_definition, wanted_templates
from content.sources import read_folder
from content.verticals.presets import SCHEMA, preset, preset_files, preset_names
from starter.commands import sms_costs
from starter.commands.console import as_json, command, counted, database, out, progress, settings, table, when
from starter.inputs import read_all
from starter.reports import consent_report
from storage.database import Database
from storage.migrate import head_revision, upgrade
from storage.queries.people.customers import save_customers
from storage.queries.shop.catalogue import save_product

app = typer.Typer()
Vertical = StrEnum("Vertical", {name: name for name in preset_names()})  # type: ignore[misc]
CHUNK = 1_000
"""Customers saved in one transaction: nobody else's message waits for a whole file."""
Source = Annotated[
    str, typer.Argument(help="A JSON file, one object or a list of them; - reads standard input.")
]


@app.command()
@command
def customer(source: Source) -> None:
    """Add or update contact data and consents. Fields left out stay as they are.

    A file is checked whole, then saved in parts: cut short, it may be given again.
    """
    customers = read_all(Customer, source)
    with database() as opened, progress("customers", len(customers)) as advance:
        for first in range(0, len(customers), CHUNK):
            chunk = customers[first : first + CHUNK]
            with opened.transaction() as session:
                save_customers(session, chunk)
            advance(len(chunk))
    out.print(f"{counted(len(customers), 'customer')} saved")


@app.command()
@command
def consents(
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER")],
    *,
    as_text: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Show a customer's consent ledger. What was given or taken back, when, where, in which words."""
    with database() as opened, opened.transaction() as session:
        entries = consent_report(session, customer_id)
    if as_text:
        typer.echo(as_json(entries))
        return
    if not entries:
        out.print(f"{customer_id} has given no consent and taken none back", markup=False)
        return
    made = table(f"Consents of {customer_id}", "At (UTC)", "Channel", "State", "Source", "Address", "Words")
    made.columns[4].min_width = len("+120255501234567")  # a number is not folded
    for entry in entries:
        state = f"{entry['state']}, confirmed" if entry["confirmed"] else entry["state"]
        made.add_row(
            when(entry["at"]), entry["channel"], state, escape(entry["source"]),
            escape(entry["address"] or "-"), escape(entry["wording"] or "-"),
        )  # fmt: skip
    out.print(made)


@app.command()
@command
def products(source: Source) -> None:
    """Add or replace catalogue entries. Links, best-sellers, what's new and cross-sell come from it."""
    entries = read_all(Product, source)
    with database() as opened, opened.transaction() as session:
        for item in entries:
            save_product(session, item)
    out.print(f"{counted(len(entries), 'product')} saved")


@app.command()
@command
def check(
    path: Annotated[
        Path | None, typer.Argument(help="The campaign or its folder; the configured one if left out.")
    ] = None,
    templates: Annotated[
        Path | None, typer.Option(help="The folder of its templates; the campaign's own if left out.")
    ] = None,
    fix_sms: Annotated[
        bool,
        typer.Option("--fix-sms", help="Rewrite characters in SMS templates that double the price."),
    ] = False,
) -> None:
    """Check a campaign and its templates. Lists every mistake at once, and what each SMS costs."""
    chosen = settings()
    file, own = named_campaign(path) if path else (chosen.campaign, None)
    folder = templates or own or chosen.templates
    if fix_sms:
        sms_costs.fix_sms(read_definition(file), folder)
    texts = read_folder(folder)
    definition = load_campaign(file, texts, production=bool(chosen.exposed_by))
    wanted = wanted_templates(definition)
    problems = translation_problems(texts, wanted) + localized_problems(definition, texts, file.name)
    problems += shop_language_problems(definition, texts, file.name)
    problems += tone_problems(definition, texts, wanted, file.name)
    problems += attribute_problems(texts, wanted, brand_of(definition))
    if problems:
        raise BadCampaign(problems)
    names = ", ".join(step.name for step in definition.steps)
    count = len(wanted_templates(definition))
    out.print(f"{file}: {definition.name}, version {Version(definition, texts).digest}", highlight=False)
    out.print(f"templates: {folder}", highlight=False, soft_wrap=True)
    sms_costs.print_sms_costs(chosen, definition, folder)
    _print_segments(definition)
    out.print(f"{len(definition.steps)} steps ({names}), {count} templates: no mistakes", highlight=False)


def _print_segments(definition: Definition) -> None:
    """Say what is no mistake, but may not be what was meant."""
    for name, earlier in overlapping_segments(definition.segments).items():
        also = " or ".join(f'"{one}"' for one in earlier)
        out.print(f'segment "{name}": who fits {also} as well is in that one', highlight=False)
    for name in unused_segments(definition.segments, definition.steps):
        out.print(
            f'segment "{name}": no step has an audience for it, so that it gets nothing', highlight=False
        )
    for name, steps in skipped_steps(definition.segments, definition.steps).items():
        missed = ", ".join(f'"{step}"' for step in steps)
        out.print(
            f'segment "{name}": no audience for it, so that it gets nothing, in {missed}', highlight=False
        )


@app.command()
@command
def new(
    folder: Annotated[Path, typer.Argument(help="A folder that is empty or not there yet.")],
    vertical: Annotated[
        Vertical | None,
        typer.Option(help="Whose timing, offers and words; the default campaign if left out."),
    ] = None,
) -> None:
    """Write a campaign to start from. Its campaign.toml and all templates, in every language."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput([Problem(str(folder), "is not empty", "name a new folder")])
    chosen = preset(vertical.value) if vertical else None
    files = {**dict(preset_files(chosen)), Path(SCHEMA): json.dumps(definition_schema(), indent=2)}
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    except OSError:
        raise BadInput([Problem(str(folder), "cannot be written", "name another folder")]) from None
    file = folder / "campaign.toml"
    out.print(f"{counted(len(files), 'file')} written to {folder}", markup=False, highlight=False)
    for line in (
        f"1. {file}: your shop in [brand], your currency and country in [shop]",
        f"2. afterglow check {folder}",
        f"3. AFTERGLOW_CAMPAIGN={file} AFTERGLOW_TEMPLATES={folder} where worker, web and this command run",
        "4. afterglow preview",
    ):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
@command
def schema() -> None:
    """Print the JSON Schema of campaign.toml, for editors."""
    typer.echo(json.dumps(definition_schema(), indent=2))


@app.command()
@command
def migrate() -> None:
    """Bring the database to this version's tables."""
    opened = Database(settings().database_url)
    try:
        upgrade(opened)
    finally:
        opened.close()
    out.print(f"the database is at revision {head_revision()}")
