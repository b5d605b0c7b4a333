"""A customer's words as cells of a file."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from campaign.reviews.words import as_cell, of_cell


@given(st.text(max_size=20))
@example("=HYPERLINK(1)")
@example("'=1+1")
@example("'quoted'")
def test_no_cell_is_a_formula_and_all_come_back(text: str) -> None:
    """What a spreadsheet would run begins with an apostrophe, and read again it is what was written."""
    cell = as_cell(text)
    assert not (cell or "").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert of_cell(cell) == text
