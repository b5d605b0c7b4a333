"""What a template's syntax tree says: files that it names, fields that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from jinja2 import BaseLoader, Environment, meta, nodes

from content.writing.functions import PARTS

_ATTRIBUTE_FIRST = {"selectattr", "rejectattr", "groupby", "sum"}


def files_named(node: nodes.Node) -> list[str]:
    """Return the files that an import or include names; ``parts`` are those of HTML and of plain text."""
    if isinstance(node, nodes.Name) and node.name == "parts":
        return list(PARTS.values())
    return [node.value] if isinstance(node, nodes.Const) and isinstance(node.value, str) else []


def attribute_arguments(node: nodes.Filter) -> Iterator[str]:
    """Give the attributes that a filter is to look at: `sort(attribute="price")`, `selectattr("rating")`."""
    named = [argument.value for argument in node.kwargs if argument.key == "attribute"]
    first = node.args[:1] if node.name in _ATTRIBUTE_FIRST else []
    for value in (*named, *first):
        if isinstance(value, nodes.Const) and isinstance(value.value, str):
            yield from (part.strip() for part in value.value.split(",") if not part.strip().isdigit())


def parsed(environment: Environment, loader: BaseLoader, file: str) -> nodes.Template:
    """Parse a file; its layout and parts are needed for every template, and are kept.

    Raises:
        TemplateNotFound, TemplateSyntaxError: there is no such file, or it is not Jinja2.
    """
    return _parsed(environment, loader.get_source(environment, file)[0], file)


@lru_cache(maxsize=256)
def _parsed(environment: Environment, text: str, file: str) -> nodes.Template:
    return environment.parse(text, file)


@lru_cache(maxsize=256)
def undeclared(tree: nodes.Template) -> frozenset[str]:
    """Return the names that a file uses and does not define."""
    return frozenset(meta.find_undeclared_variables(tree))


def path_of(node: nodes.Node) -> tuple[str, ...] | None:
    """Return a field by its names, such as ``("order", "total")``; None for what is none."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    inner = path_of(node.node) if isinstance(node, nodes.Getattr) else None
    return (*inner, node.attr) if inner and isinstance(node, nodes.Getattr) else None
