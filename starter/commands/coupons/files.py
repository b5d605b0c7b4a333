"""Files of codes: one a line, or a CSV with a column `code`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from campaign.errors import BadInput, Problem
from campaign.offers.codes import normal_code


def read_codes(file: Path) -> list[str]:
    """Return the codes of a file, each once.

    Raises:
        BadInput: it cannot be read, or some lines hold no code: all are named, none is repeated.
    """
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise BadInput([Problem(str(file), "is not there", "check its name")]) from None
    except UnicodeDecodeError:
        raise BadInput(
            [Problem(str(file), "is not UTF-8 text", "save it as UTF-8, or as CSV in it")]
        ) from None
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise BadInput([Problem(str(file), f"cannot be read: {why}", "name a file of codes")]) from None
    found = list(_codes(lines))
    fix = "write 3 to 40 letters, digits, - and _"
    bad = [Problem(f"{file}:{line}", "is no code", fix) for line, code in found if code is None]
    if bad or not found:
        raise BadInput(bad or [Problem(str(file), "has no codes", "write one a line")])
    return list(dict.fromkeys(code for _, code in found if code))


def _codes(lines: list[str]) -> Iterator[tuple[int, str | None]]:
    """Give each line's number and code; the first line may name the columns."""
    rows = list(csv.reader(lines))
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = names.index("code") if "code" in names else 0
    for number, row in enumerate(rows, 1):
        if (number == 1 and "code" in names) or not any(cell.strip() for cell in row):
            continue
        yield number, normal_code(row[column]) if column < len(row) else None
