"""Complaints about input, as people read them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from campaign.definition.model import Definition
from campaign.problems import problems_of
from campaign.wire import Customer, Product, Purchase

ODD: list[Any] = [
    None,
    True,
    1,
    1.5,
    float("nan"),
    "",
    "\ud800",
    "x y\n",
    " ",
    "a" * 3_000,
    [],
    [1],
    {},
    {"a": 1},
]
PYDANTIC = re.compile(r"Input should|String should|pydantic|\\[sdx]|\^\[|\(\?:|errors\.", re.IGNORECASE)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("holdout", "a tenth", "holdout: is not a number - write it without quotes"),
        (
            "quiet_hours",
            {"sms": {"start": "ten", "end": "20:00:00"}},
            "start: is not a time of day - write one",
        ),
    ],
)
def test_a_marketer_reads_what_is_wanted(field: str, value: Any, said: str) -> None:
    """A number or a time of day that is none is answered with what to write, not with "see the docs"."""
    with pytest.raises(ValidationError) as refused:
        Definition.model_validate({field: value})
    assert said in " ".join(map(str, problems_of(refused.value)))


@pytest.mark.parametrize("model", [Customer, Product, Purchase, Definition])
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_complaint_quotes_a_pattern_or_the_library(model: Any, odd: Any) -> None:
    """Whatever stands in whatever field, what is wrong and what to write is said in our own words."""
    for data in (odd, dict.fromkeys(model.model_fields, odd), {name: [odd] for name in model.model_fields}):
        with pytest.raises(ValidationError) as refused:
            model.model_validate(data)
        for problem in problems_of(refused.value):
            assert not PYDANTIC.search(str(problem)), str(problem)
            assert problem.what, str(problem)


@pytest.mark.parametrize(
    ("model", "field", "value", "fix"),
    [
        (Purchase, "order_id", " o", "write it on one line, without spaces at either end"),
        (Purchase, "currency", "dollar", 'write three capitals, such as "USD"'),
        (Customer, "language", "English", 'write a language tag such as "en" or "pt-BR"'),
        (Product, "url", "shop.com", 'write an address such as "https://shop.com/mug"'),
    ],
)
def test_a_wrong_form_is_answered_with_what_to_write(model: Any, field: str, value: str, fix: str) -> None:
    """An example instead of a regular expression."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate({field: value})
    assert fix in [problem.fix for problem in problems_of(refused.value) if problem.where == field]
