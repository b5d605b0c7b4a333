"""Standings from a file: CSV or JSON Lines, checked whole before anything is saved."""

from __future__ import annotations

from typing import IO, Any

from pydantic import ValidationError

from campaign.errors import BadInput, Problem
from campaign.problems import problems_of
from campaign.times import future_problems
from campaign.wire import LoyaltyStanding
from intake.imports.records import Record, digest_of, layout_of, records
from starter import clock

MOST_MISTAKES = 100


def read_standings(file: IO[bytes], name: str) -> list[LoyaltyStanding]:
    """Read ``customer_id``, ``tier``, ``points`` and ``at`` of each row; further columns are refused.

    Raises:
        BadInput: with every mistake by its line, `MOST_MISTAKES` at most.
    """
    digest_of(file, name)
    layout = layout_of(file)
    found: list[LoyaltyStanding] = []
    problems: list[Problem] = []
    for record in records(file, layout, layout.start, layout.lines_before):
        try:
            found.append(LoyaltyStanding.model_validate(_values(record)))
            problems += future_problems(found[-1], clock.now(), f"line {record.line}")
        except ValidationError as error:
            problems += problems_of(error, f"line {record.line}")
        except ValueError as error:
            problems.append(Problem(f"line {record.line}", str(error), "correct it"))
        if len(problems) >= MOST_MISTAKES:
            break
    if problems:
        raise BadInput(problems)
    return found


def _values(record: Record) -> dict[str, Any]:
    """Return a row's values, with the number of points of a CSV file read.

    Raises:
        ValueError: it is no row.
    """
    if record.problem:
        raise ValueError(record.problem)
    points = record.values.get("points")
    if isinstance(points, str) and points.isascii() and points.isdigit():
        return {**record.values, "points": int(points)}
    return record.values
