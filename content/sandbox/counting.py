"""A template's syntax tree with its costs written in: each body says what one run of it makes."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

SPEND, CONCAT, WEIGH = "(spend)", "(concat)", "(weigh)"
"""The filters that the tree is given, by names that no template can write."""
_BODIES = (nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block)


def with_costs(tree: nodes.Template, environment: Any) -> nodes.Template:
    """Return the tree with a count at the head of each body that may run more than once.

    The count has the body's own text, which Jinja2 writes without calling anything; and `a ~ b` becomes a
    call, so that it can be bounded. What is put together or compared is weighed.
    """
    changed: nodes.Template = _Counting().visit(tree)
    changed.body.insert(0, _count(tree, tree.body))
    changed.set_environment(environment)
    return changed


class _Counting(NodeTransformer):
    def visit_For(self, node: nodes.For) -> nodes.Node:
        return self._counted(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._counted(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        return self._counted(node)

    def visit_Block(self, node: nodes.Block) -> nodes.Node:
        return self._counted(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return _filter(parts, CONCAT, node.lineno)

    def visit_List(self, node: nodes.List) -> nodes.Node:
        return self._weighed(node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        return self._weighed(node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        if node.ctx != "load":
            return self.generic_visit(node)
        return self._weighed(node)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        parts: list[Any] = [node, *node.ops]
        if any(isinstance(part.expr, nodes.Const) for part in parts) and not _looks_inside(node):
            return node  # to compare with a constant is done at once, whatever the other is
        for part in parts:
            if not isinstance(part.expr, nodes.Const):
                part.expr = _filter(part.expr, WEIGH, node.lineno)
        return node

    def _weighed(self, node: nodes.Expr) -> nodes.Node:
        self.generic_visit(node)
        if all(isinstance(child, nodes.Const) for child in node.iter_child_nodes()):
            return node
        return _filter(node, WEIGH, node.lineno)

    def _counted(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        node.body.insert(0, _count(node, node.body))
        return node  # type: ignore[no-any-return]


def _looks_inside(node: nodes.Compare) -> bool:
    return len(node.ops) > 1 or node.ops[0].op in ("in", "notin")


def _count(node: nodes.Node, body: list[nodes.Node]) -> nodes.Node:
    cost = nodes.Const(sum(map(_text_in, body)), lineno=node.lineno)
    return nodes.ExprStmt(_filter(cost, SPEND, node.lineno), lineno=node.lineno)


def _filter(value: nodes.Expr, name: str, line: int) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=line)


def _text_in(node: nodes.Node) -> int:
    """Return how much text of the template itself a node writes; bodies inside it count their own."""
    if isinstance(node, nodes.TemplateData):
        return len(node.data)
    if isinstance(node, _BODIES):
        return sum(map(_text_in, node.else_)) if isinstance(node, nodes.For) else 0
    return sum(map(_text_in, node.iter_child_nodes()))
