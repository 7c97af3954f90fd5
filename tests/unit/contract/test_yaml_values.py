"""The values of a YAML text are those that PyYAML's own composer and constructor give, with the scalars of YAML 1.2."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from contract import ContractError, yaml_text
from contract.yaml_places import YamlPlace, yaml_places
from contract.yaml_text import parse_yaml
from tests.acceptance import cases

ROOT = Path(__file__).resolve().parents[3]
FILES = [*cases("**/*.y*ml"), *ROOT.glob("tests/**/*.yaml"), *ROOT.glob("docs/**/*.yaml")]


class Oracle(yaml.SafeLoader):
    """The pure loader with the scalars of documents."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as the base has it


for name, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?)", list("-+.0123456789")),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.")),
    ("merge", r"<<", ["<"]),
):
    Oracle.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(rf"(?:{pattern})\Z"), first)


def same(one: Any, other: Any) -> bool:
    """Equal in value and kind, with the keys in the same order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_file_reads_as_pyyaml_reads_it(file: Path) -> None:
    text = file.read_text()
    try:
        meant = yaml.load(text, Loader=Oracle)  # noqa: S506 - a safe loader
    except yaml.YAMLError:  # several documents
        with pytest.raises(ContractError):
            parse_yaml(text)
    else:
        assert same(parse_yaml(text), meant)


def at(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def check_places(place: YamlPlace, node: yaml.Node) -> None:
    """As PyYAML's own nodes have them."""
    assert place.value_at == at(node.start_mark)
    inner = list(place.within().values())
    if isinstance(node, yaml.MappingNode):
        assert [each.key_at for each in inner] == [at(key.start_mark) for key, _ in node.value]
        for each, (_, value) in zip(inner, node.value, strict=True):
            check_places(each, value)
    elif isinstance(node, yaml.SequenceNode):
        for each, value in zip(inner, node.value, strict=True):
            check_places(each, value)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_everything_in_every_file_is_placed_where_pyyaml_sees_it(file: Path) -> None:
    text = file.read_text()
    try:
        node = yaml.compose(text, Loader=Oracle)
    except yaml.YAMLError:  # several documents
        assert yaml_places(text) is None
        return

    root = yaml_places(text)

    assert (root is None) == (node is None)
    if root is not None and node is not None and "<<:" not in text:
        check_places(root, node)


SCALARS = some.sampled_from(
    [
        *("null", "Null", "~", "", "nil", "true", "False", "TRUE", "tRUE", "yes", "no", "on", "2025-03-01", "12:30"),
        *("0", "-0", "+7", "007", "0x1F", "-0x1F", "0o7", "1_000", "9" * 40, "1.", ".5", "-1.5e3", "1e5", "1e+5", "e5"),
        *(".inf", "-.INF", "+.Inf", ".nan", "-.nan", "'5'", '"true"', "'<<'", "a b", "é", "! 5", "|\n  x\n  y\n"),
    ]
)


@given(some.lists(SCALARS, max_size=8))
def test_scalars_mean_the_same(scalars: list[str]) -> None:
    text = "".join(f"k{at}: {scalar}\n" for at, scalar in enumerate(scalars))

    assert same(parse_yaml(text), yaml.load(text, Loader=Oracle))  # noqa: S506


KEYS = some.sampled_from(["a", "b", "c", "'<<'", "<<"])


@some.composite
def mappings(draw: some.DrawFn, names: list[str], depth: int = 0) -> str:
    """A flow mapping with anchors, aliases and merge keys; a key but `<<` stands in it once."""
    parts = []
    for key in draw(some.lists(KEYS, max_size=4, unique_by=lambda key: key if key != "<<" else object())):
        if key == "<<" and names:
            several = draw(some.lists(some.sampled_from(names), min_size=1, max_size=3))
            parts.append(
                f"<<: *{several[0]}" if draw(some.booleans()) else f"<<: [{', '.join(f'*{n}' for n in several)}]"
            )
        elif key != "<<" and depth < 2 and draw(some.booleans()):
            parts.append(f"{key}: {draw(mappings(names, depth + 1))}")
        elif key != "<<":
            parts.append(f"{key}: [{draw(some.integers(0, 99))}, {', '.join(f'*{n}' for n in names[:1])}]")
    anchor = f"&m{len(names)} "
    names.append(f"m{len(names)}")
    return f"{anchor}{{{', '.join(parts)}}}"


@given(some.data())
def test_anchors_and_merge_keys_give_the_same(data: some.DataObject) -> None:
    names: list[str] = []
    text = "".join(f"x{at}: {data.draw(mappings(names))}\n" for at in range(data.draw(some.integers(1, 4))))

    assert same(parse_yaml(text), yaml.load(text, Loader=Oracle))  # noqa: S506


def test_what_is_anchored_once_is_one_object() -> None:
    found = parse_yaml("a: &x [1]\nb: *x\n")

    assert found["a"] is found["b"]


@pytest.mark.parametrize(
    ("text", "says", "place"),
    [
        ("a: 1\nb:\n  <<: 5\n", "expected a mapping or list of mappings for merging, but found scalar", (3, 7)),
        ("<<: [{a: 1}, [2]]\n", "expected a mapping for merging, but found sequence", (1, 14)),
        ("a: <<\n", "the sign <<", (1, 4)),
        ("<<\n", "the sign <<", (1, 1)),
        ("a: &x 1\nb: &x 2\n", "the anchor 'x' is there twice", (2, 4)),
        ("a: 1\n---\nb: 2\n", "another document", (2, 1)),
        ("a: [1, " + "9" * 5000 + "]\n", "too long", (1, 8)),
        ("? {a: 1}\n: 2\n", "a key should be text", (1, 3)),
        ("a: {x: 1, x: 2}\na: 3\n", "the key 'x' appears twice", (1, 11)),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(text: str, says: str, place: tuple[int, int]) -> None:
    with pytest.raises(ContractError, match=re.escape(says)) as refusal:
        parse_yaml(text)

    (fault,) = refusal.value.faults
    assert (fault.line, fault.column) == place


def test_what_is_no_yaml_further_down_is_told_before_a_key_that_appears_twice() -> None:
    with pytest.raises(ContractError) as refusal:
        parse_yaml("a: 1\na: 2\nb: [\n")

    assert refusal.value.faults[0].code == "syntax"


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "a: {b: [1, *x, &x {c: 1}]}", "a: &x {b: 1}\nc: {<<: *x}\n"]
)
def test_the_parser_in_python_gives_the_same(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    def read() -> object:
        try:
            return parse_yaml(text)
        except ContractError as refusal:
            return refusal.faults

    fast = read()
    monkeypatch.setattr(yaml_text, "_LOADER", yaml.SafeLoader)

    assert read() == fast
