"""A loyalty programme behind one HTTP address: the reference for adapters to others.

``GET URL`` with ``Authorization: Bearer TOKEN`` answers ``{"standings": [...], "next": "cursor"}``; the next
page is at ``URL?after=cursor``, and the last one's ``next`` is null or missing. A standing is what
``PUT /customers/{id}/loyalty`` takes, with its ``customer_id``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ValidationError
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from campaign.errors import BadInput, Problem, Unavailable
from campaign.wire import LoyaltyStanding
from starter.inputs import parse_all

SECONDS = 30.0
MOST_BYTES = 20_000_000
"""Of one answer: a page of a thousand standings is a hundredth of it."""
_FIX = "see docs/loyalty.md for what it should answer"


class _Page(BaseModel):
    standings: list[Any]
    next: str | None = None


class _Bearer(AuthBase):
    """As ``auth`` rather than a header: else a .netrc file could put other credentials in its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class HttpProgramme:
    """A programme that answers as above. ``token`` goes to no log and no error."""

    def __init__(self, url: str, token: str) -> None:
        """Connect to nothing yet."""
        self._url, self._session = url, requests.Session()
        self._session.auth = _Bearer(token)

    @property
    def name(self) -> str:
        """Its host."""
        return str(urlsplit(self._url).hostname)[:100]

    def standings(self) -> Iterator[Sequence[LoyaltyStanding]]:
        """Give page after page; raises as `intake.loyalty.programme.Programme.standings`."""
        seen: set[str] = set()
        after: str | None = None
        while after is None or after not in seen:
            page = self._page(after)
            yield parse_all(LoyaltyStanding, page.standings)
            if page.next is None:
                return
            if after is not None:
                seen.add(after)
            after = page.next
        raise BadInput([Problem(self.name, "answers one page again and again", _FIX)])

    def _page(self, after: str | None) -> _Page:
        try:
            return _Page.model_validate_json(self._get({} if after is None else {"after": after}))
        except ValidationError:
            what = "answers with something else than standings"
            raise BadInput([Problem(self.name, what, _FIX)]) from None

    def _get(self, parameters: dict[str, str]) -> bytes:
        try:
            with self._session.get(
                self._url, params=parameters, timeout=SECONDS, allow_redirects=False, stream=True
            ) as answer:
                if answer.status_code != requests.codes.ok:
                    msg = f"the loyalty programme at {self.name} answers {answer.status_code}"
                    raise Unavailable(msg)
                return answer.raw.read(MOST_BYTES, decode_content=True)  # type: ignore[no-any-return]
        except (requests.RequestException, HTTPError, OSError):
            msg = f"the loyalty programme at {self.name} cannot be reached"
            raise Unavailable(msg) from None
