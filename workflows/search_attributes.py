"""Search attributes: by what campaigns are found in the Web UI."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from campaign.contract import SEARCH_ATTRIBUTES

KEYS = {name: SearchAttributeKey.for_keyword(name) for name in SEARCH_ATTRIBUTES}


def update_search_attributes(shown: dict[str, str], wanted: dict[str, str]) -> None:
    """Write those that differ from what is ``shown``, which is brought up to date: each write is an event."""
    changed = {name: value for name, value in wanted.items() if shown.get(name) != value}
    if changed:
        workflow.upsert_search_attributes([KEYS[name].value_set(value) for name, value in changed.items()])
        shown.update(changed)
