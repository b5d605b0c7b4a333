"""Every column is classed as personal, pseudonymous or neither; export and erasure go by that."""

from __future__ import annotations

from sqlmodel import SQLModel

from storage.personal_data import CLASSES, EXPORTED, NOT_EXPORTED, Classes


def columns(classes: Classes) -> list[str]:
    """All columns that are classed."""
    return f"{classes.personal} {classes.pseudonymous} {classes.neither}".split()


def test_every_column_of_every_table_is_classed_once() -> None:
    """A column that is new, and that nobody has classed, fails here: `storage/personal_data.py`."""
    tables = {
        table.name: sorted(column.name for column in table.columns)
        for table in SQLModel.metadata.sorted_tables
    }
    assert tables == {name: sorted(columns(classes)) for name, classes in CLASSES.items()}


def test_whatever_leads_to_a_person_is_exported_or_says_why_not() -> None:
    """No table with something personal or pseudonymous is left out of the export unseen."""
    named = {name for name, classes in CLASSES.items() if classes.personal or classes.pseudonymous}
    assert named == EXPORTED.keys() | NOT_EXPORTED.keys()
    assert not EXPORTED.keys() & NOT_EXPORTED.keys()
