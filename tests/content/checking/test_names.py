"""Mistakes in branches that no example takes are found before a customer takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.reasons import Channel
from content.checking.compared import compared_values
from content.checking.examples import examples
from content.checking.names import name_problems
from content.checking.rendered import check_templates
from content.gathering import brand_of
from tests.facts import ROOT, default_definition

CONTENT = ROOT / "content" / "default"
BRAND = brand_of(default_definition())
FRAME = "{{ brand.name }}: %s {{ brand.sms_opt_out }}"
FILE = "sms/new.txt.j2"
PARTS = """{% macro card(item) %}
{% if item.rating %}{{ item.naem }}{% endif %}{% endmacro %}
{% macro hello(name) %}Hello {{ name }}{% if false %} from {{ brand.name }}{% endif %}{% endmacro %}"""


def checked(folder: Path, text: str) -> list[str]:
    """What the whole check says of an SMS with some text."""
    (folder / "sms").mkdir(exist_ok=True)
    (folder / FILE).write_text(FRAME % text, "utf-8")
    return [str(problem) for problem in check_templates(folder, [(Channel.SMS, "new")], BRAND)]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            '{% if customer.language == "de" %}\n{{ customer.frist_name }}{% endif %}',
            f"{FILE}:2: frist_name is not defined - did you mean first_name?",
        ),
        ('{% if segment == "vip" %}{{ oder_count }}{% endif %}', f"{FILE}:1: oder_count is not defined"),
        ("{{ 'x' if step == 'never' else 'y' if step == 'no' else offr }}", "offr is not defined"),
        ("{% for line in order.lines if line.quantity > 9 %}{{ line.prise }}{% endfor %}", "prise is not"),
        (
            "{% for p in best_sellers[:1] %}{% if p.price > 999 %}{{ p.quantity }}{% endif %}{% endfor %}",
            "qu",
        ),
        ("{% if order.lines | length > 9 %}{{ (order.lines | first).unit_prise }}{% endif %}", "unit_prise"),
        ("{% if order_count > 9 %}{{ order.lines[8].nmae }}{% endif %}", "nmae is not defined"),
        ("{% if order_count > 9 %}{{ order['totall'] }}{% endif %}", "totall is not defined"),
        ("{% if order_count > 9 %}{{ order.placed_at.yeer }}{% endif %}", "yeer is not defined"),
        (
            "{% if order_count > 9 %}{{ ''.__class__ }}{% endif %}",
            f"{FILE}:1: __class__ is not for templates",
        ),
        ("{% if order_count > 9 %}{{ customer.first_name.encode() }}{% endif %}", "encode is not defined"),
        ("{% set name = customer.first_nam %}", "first_nam is not defined - did you mean first_name?"),
        ("{% if order_count > 9 %}{{ best_sellers | map(attribute='nmae') | join }}{% endif %}", "nmae"),
        ("{% if order_count > 9 %}{{ best_sellers | selectattr('rateing') | first }}{% endif %}", "ratei"),
        (
            "{% if order_count > 9 %}{{ order.total | mony }}{% endif %}",
            "no such filter: mony - did you mean",
        ),
        ("{% if order_count > 9 %}{{ 1 if order is knwon }}{% endif %}", "no such test: knwon"),
        ("{% if order_count > 9 %}{% include 'sms/none.j2' %}{% endif %}", "no such file: sms/none.j2"),
        ("{% from 'parts.j2' import crad %}", "crad is not in the imported file - did you mean card?"),
        ("{% from 'parts.j2' import card %}", "parts.j2:2: naem is not defined"),
        ("{% import 'parts.j2' as parts %}", "parts.j2:3: brand is not there in an imported file - pass it"),
        ("{% if order_count > 9 %}{% include 'row.j2' %}{% endif %}", "row.j2:1: lnie is not defined"),
        ('{% if segment == "vip" %}{{ offer.text }}{% endif %}', "text is not there for every customer"),
        ("{% if order_count >= 7 %}{{ 1 / (order_count - 7) }}{% endif %}", "cannot be rendered"),
        (
            "Dear {{ customer.first_name }}",
            "shows a value that is not there for every customer (customer.first_name) - wrap it in",
        ),
    ],
)
def test_a_mistake_in_any_branch_is_found(tmp_path: Path, text: str, mistake: str) -> None:
    """Names, fields, filters, files, values that only some customers would meet: file, line and fix."""
    (tmp_path / "parts.j2").write_text(PARTS, "utf-8")
    (tmp_path / "row.j2").write_text("{{ order.order_id }}{{ lnie }}", "utf-8")
    found = checked(tmp_path, text)
    assert any(mistake in problem for problem in found), found


@pytest.mark.parametrize(
    "text",
    [
        "{% set n = namespace(a=0) %}{% for l in order.lines %}{% set n.a = 1 %}{% endfor %}{{ n.a }}",
        "{% for l in order.lines %}{{ loop.index }}{% include 'line.j2' %}{% endfor %}",
        "{% set names = order.lines | map(attribute='name') | list %}{{ names | join(', ') }}",
        "{{ customer.first_name.upper() if customer.first_name else '' }}",
        "{{ order.placed_at.year }} {{ order['order_id'] }} {{ order.lines[0].name }}",
        "{% if nickname is defined %}{{ nickname }}{% endif %}{{ nickname | default('you') }}",
        "{% with first = order.lines | first %}{{ first.name }}{{ first.url or '' }}{% endwith %}",
        "{% macro m(x, y='a') %}{{ x.name }}{{ y }}{% endmacro %}{{ m(order.lines[0]) }}",
        "{% for l in order.lines if l.category is defined %}{{ l.category }}{% endfor %}",
        "{% set pairs = {'a': 1} %}{{ pairs.a }}{% for k, v in pairs.items() %}{{ k }}{{ v }}{% endfor %}",
        "{% set title = (customer.first_name or 'you') %}{{ title.title() }}",
        "{% if offer and offer.code %}{{ offer.code }}{% endif %}{{ range(2) | list | length }}",
        "{% for p in best_sellers | sort(attribute='price') | reverse %}{{ p.name }}{% else %}no{% endfor %}",
        "{% include 'not_there.j2' ignore missing %}",
    ],
)
def test_nothing_that_is_right_is_refused(tmp_path: Path, text: str) -> None:
    """Whatever Jinja2 offers can be used: a template without a mistake passes."""
    (tmp_path / "line.j2").write_text("{{ l.name }}{% if l.url %}{{ l.url }}{% endif %}", "utf-8")
    assert checked(tmp_path, text) == []


def test_each_mistake_is_listed_once(tmp_path: Path) -> None:
    """What both the names' check and rendering find is one mistake; the same one on two lines is two."""
    found = checked(tmp_path, "{{ customer.frist_name }}\n{{ customer.frist_name }}")
    assert len(found) == 2


def test_the_default_templates_use_no_name_that_is_not_there() -> None:
    """All of them, with their layout and parts."""
    files = [str(path.relative_to(CONTENT)) for path in CONTENT.glob("**/[a-z]*.j2")]
    assert len(files) > 14
    assert [problem for file in files for problem in name_problems(CONTENT, file)] == []


def test_a_template_is_rendered_with_what_it_compares_with(tmp_path: Path) -> None:
    """Each value that a field is compared with gives an example, on both sides of a number."""
    (tmp_path / "a.j2").write_text("{% if segment in ['vip', 'x'] and order_count > 3 %}{% endif %}", "utf-8")
    assert {(("segment",), "vip"), (("segment",), "x")} <= set(compared_values(tmp_path, "a.j2"))
    contexts = examples(BRAND, tmp_path, "a.j2")
    assert {"vip", "x"} <= {context.segment for context in contexts}
    assert {2, 3, 4} <= {context.order_count for context in contexts}
