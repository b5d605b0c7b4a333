"""Short texts and web addresses."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from campaign.problems import Form

Text = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
WebAddress = Annotated[
    str,
    StringConstraints(max_length=2_000),
    Form(r"^https?://\S+$", 'write an address such as "https://shop.com/mug"'),
]
