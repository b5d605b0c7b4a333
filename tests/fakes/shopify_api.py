"""The three operations of Shopify's Admin API that codes are given by, as its documentation has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

DISCOUNT = "gid://shopify/DiscountCodeNode/1057"
OTHER = "gid://shopify/DiscountCodeNode/2001"
Answer = dict[str, Any]
THROTTLED = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
DENIED = {"errors": [{"message": "x", "extensions": {"code": "ACCESS_DENIED"}}]}


@dataclass
class Shopify:
    """A store with its codes.

    It never makes ``unwanted`` ones (``refuses_each``: none at all), refuses a batch with a ``poisonous`` one
    as a whole, and does not know discounts that are ``gone``. ``others`` are codes of another discount.
    ``next`` are answers that come before its own: a status, or a body. ``after`` is done when it has made a
    batch and has not said so yet; ``slow``: no batch is ever done.
    """

    codes: set[str] = field(default_factory=set)
    batches: dict[str, list[str]] = field(default_factory=dict)
    looks: int = 0
    refuses: bool = False
    refuses_each: bool = False
    slow: bool = False
    unwanted: set[str] = field(default_factory=set)
    poisonous: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    next: list[int | Answer] = field(default_factory=list)
    after: Callable[[], None] = lambda: None
    tokens: set[str] = field(default_factory=set)
    url: str = ""
    lock: Any = field(default_factory=Lock)

    def answer(self, query: str, variables: dict[str, Any]) -> tuple[int, Answer]:
        """Answer a request: status and body."""
        if self.next:
            given = self.next.pop(0)
            return (given, {}) if isinstance(given, int) else (200, given)
        if self.refuses:
            return 200, DENIED
        if "discountRedeemCodeBulkAdd" in query:
            return 200, {"data": {"discountRedeemCodeBulkAdd": self._added(variables)}}
        if "codeDiscountNodeByCode" in query:
            owners = {name: self._owner(code) for name, code in variables.items()}
            return 200, {"data": {name: {"id": owner} if owner else None for name, owner in owners.items()}}
        self.looks += 1
        done = not self.slow and self.looks % 2 == 0
        nodes = self._make(self.batches[variables["id"]]) if done else []
        if done:
            self.after()
        found = {"done": done, "codes": {"nodes": nodes}}
        return 200, {"data": {"discountRedeemCodeBulkCreation": found}}

    def _added(self, variables: dict[str, Any]) -> Answer:
        codes = [entry["code"] for entry in variables["codes"]]
        assert len(codes) <= 250
        if variables["discount"] in self.gone:
            return {"bulkCreation": None, "userErrors": [{"code": "INVALID", "field": ["discountId"]}]}
        if self.poisonous & set(codes):
            return {
                "bulkCreation": None,
                "userErrors": [{"code": "TOO_LONG", "field": ["codes", "0", "code"]}],
            }
        assert variables["discount"] == DISCOUNT
        name = f"gid://shopify/DiscountRedeemCodeBulkCreation/{len(self.batches)}"
        self.batches[name] = codes
        return {"bulkCreation": {"id": name}, "userErrors": []}

    def _make(self, batch: list[str]) -> list[Answer]:
        nodes = [self._node(code) for code in batch]
        self.codes |= {code for code in batch if not self._wants_not(code)}
        return nodes

    def _wants_not(self, code: str) -> bool:
        return self.refuses_each or code in self.unwanted | self.others

    def _owner(self, code: str) -> str | None:
        return OTHER if code in self.others else DISCOUNT if code in self.codes else None

    def _node(self, code: str) -> Answer:
        wrong = "TAKEN" if code in self.codes | self.others else "INVALID" if self._wants_not(code) else None
        made = {"id": "1"} if wrong is None else None
        return {"code": code, "discountRedeemCode": made, "errors": [{"code": wrong}] if wrong else []}


@contextmanager
def serving_shopify(closing: int = 0) -> Iterator[Shopify]:
    """Shopify, as far as codes are concerned, on this machine; its address is its ``url``.

    So many requests are ``closing``: they are taken, and the connection ends without an answer.
    """
    shop, left = Shopify(), [None] * closing

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            shop.tokens.add(self.headers["X-Shopify-Access-Token"])
            with shop.lock:
                status, answered = shop.answer(body["query"], body["variables"])
            if left:
                left.pop()
                return
            answer = json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
