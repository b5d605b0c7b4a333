"""The published sample that the models are measured on (tests/data/cdnow/README.md)."""

from __future__ import annotations

import csv

import numpy as np

from campaign.customers.lifetime_value.buyers import Buyers
from tests.facts import ROOT


def cdnow() -> Buyers:
    """Return its customers; what they spend is the mean of their repeat purchases, as in the papers."""
    with (ROOT / "tests" / "data" / "cdnow" / "summary.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in ("x", "t_x", "T", "zbar")}
    return Buyers(columns["x"], columns["t_x"], columns["T"], columns["zbar"], columns["x"])
