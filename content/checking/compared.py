"""The values that templates compare with, so that each branch is rendered: `{% if segment == "vip" %}`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError, meta, nodes
from pydantic import BaseModel

from content.checking.syntax import parsed, path_of
from content.sandbox.environment import Sandbox
from content.sources import Source
from content.templates import sandbox
from content.writing.functions import PARTS

Field = tuple[str, ...]


def compared_values(source: Source, file: str) -> list[tuple[Field, Any]]:
    """Return what a template, and every file that it uses, compares fields of the context with, each once.

    A number gives its neighbours as well, so that both sides of `order_count > 3` are there.
    """
    found: dict[tuple[Field, Any], None] = {}
    environment = sandbox(source, escape=False)
    for tree in _trees(environment, file, set()):
        for compare in tree.find_all(nodes.Compare):
            sides = [compare.expr, *(operand.expr for operand in compare.ops)]
            fields = [path for side in sides if (path := path_of(side))]
            values = [value for side in sides for value in _constants(side)]
            found |= {(path, value): None for path in fields for value in values}
    return list(found)


def with_value(model: BaseModel, path: Field, value: Any) -> BaseModel:
    """Return a copy with another value in a field, or in a field's field.

    Raises:
        AttributeError: there is no such field, or it is empty in this one.
    """
    name, *rest = path
    inner = getattr(model, name)
    if rest and not isinstance(inner, BaseModel):
        raise AttributeError(rest[0])
    changed = with_value(inner, tuple(rest), value) if rest else value
    return model.model_copy(update={name: changed})


def _trees(environment: Sandbox, file: str, seen: set[str]) -> Iterator[nodes.Template]:
    if file in seen or environment.loader is None:
        return
    seen.add(file)
    try:
        tree = parsed(environment, environment.loader, file)
    except (TemplateNotFound, TemplateSyntaxError):
        return
    yield tree
    for other in meta.find_referenced_templates(tree):
        for named in [other] if other else PARTS.values():  # only ``parts`` is no constant
            yield from _trees(environment, named, seen)


def _constants(node: nodes.Node) -> Iterator[Any]:
    if isinstance(node, nodes.List | nodes.Tuple):
        for item in node.items:
            yield from _constants(item)
    elif isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.Const) and isinstance(node.value, int | float):
        yield from (Decimal(str(node.value)) + step for step in (-1, 0, 1))
