"""What every part of a definition is made of: the strict base, names, addresses, words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from campaign.problems import Form

_NAME_WORDS = 'up to 40 small letters, digits and "-", a letter first'
Name = Annotated[str, Form(r"^[a-z][a-z0-9-]{0,39}$", f"write {_NAME_WORDS}")]
SegmentOrAll = Annotated[
    str, Form(r"^(\*|[a-z][a-z0-9-]{0,39})$", f'write a segment\'s name ({_NAME_WORDS}), or "*" for all')
]
Template = Annotated[
    str, Form(r"^[a-z][a-z0-9_]{0,59}$", 'write up to 60 small letters, digits and "_", a letter first')
]
Url = Annotated[
    str,
    StringConstraints(max_length=500),
    Form(r"^https?://\S+$", 'write an address such as "https://shop.com"'),
]
Words = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Days = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Section(BaseModel):
    """Base of every table of the file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
