"""YAML as plain dicts, lists and strings, and the line of each value. What could be turned against the reader (aliases,
tags, deep nesting) is refused. Knows nothing of what the values mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml

from heygem.domain.model_errors import ManifestFault

MAX_DEPTH: Final = 12
MAX_EVENTS: Final = 100_000  # keys and values, more or less: read in half a second
_NULLS: Final = ("", "~", "null", "Null", "NULL")
# The same parser in C where PyYAML was built with it. All scalars stay strings: `version: 1.10` is not the number 1.1.
_LOADER: Final[type[yaml.BaseLoader]] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Location: TypeAlias = tuple[str | int, ...]


class YamlError(Exception):
    """`line` counts from 1; `context` is what the fault's sentence needs."""

    def __init__(self, line: int, fault: ManifestFault, **context: str | int) -> None:
        super().__init__(f"line {line}: {fault}")
        self.line = line
        self.fault = fault
        self.context = context


@dataclass(frozen=True)
class YamlTree:
    """`value` is made of dicts, lists, strings and None. `lines` has each place's line, from 1."""

    value: Any
    lines: Mapping[Location, int]

    def line_of(self, location: Location) -> int:
        """Of the place itself, or of the nearest around it that is in the text."""
        places = (location[:end] for end in range(len(location), -1, -1))
        return next((self.lines[place] for place in places if place in self.lines), 1)


def parse_yaml(text: str) -> YamlTree:
    """One document. Raises YamlError."""
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        detail = " ".join(filter(None, (error.context, error.problem)))
        raise YamlError(_line(mark), ManifestFault.SYNTAX, detail=detail) from error
    except yaml.YAMLError as error:
        raise YamlError(1, ManifestFault.SYNTAX, detail=str(error).splitlines()[0]) from error
    if node is None:
        raise YamlError(1, ManifestFault.EMPTY)
    lines: dict[Location, int] = {}
    return YamlTree(_read(node, (), lines), lines)


def _check_events(text: str) -> None:
    """Before anything is built of it, since a few lines of aliases can stand for gigabytes."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        if number > MAX_EVENTS:
            raise YamlError(_line(event.start_mark), ManifestFault.TOO_MANY, limit=MAX_EVENTS)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise YamlError(_line(event.start_mark), ManifestFault.TOO_DEEP)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(_line(event.start_mark), ManifestFault.ALIAS)
        if getattr(event, "tag", None):
            raise YamlError(_line(event.start_mark), ManifestFault.TAG)


def _read(node: yaml.Node, place: Location, lines: dict[Location, int]) -> Any:
    lines.setdefault(place, _line(node.start_mark))
    if isinstance(node, yaml.SequenceNode):
        return [_read(item, (*place, number), lines) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _read_mapping(node, place, lines)
    assert isinstance(node, yaml.ScalarNode)  # the third and last kind
    is_null = not node.style and node.value in _NULLS
    return None if is_null else node.value


def _read_mapping(node: yaml.MappingNode, place: Location, lines: dict[Location, int]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, item in node.value:
        line = _line(key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(line, ManifestFault.KEY)
        if key.value in values:
            raise YamlError(line, ManifestFault.TWICE, value=key.value)
        lines[*place, key.value] = line
        values[key.value] = _read(item, (*place, key.value), lines)
    return values


def _line(mark: Any) -> int:
    return mark.line + 1 if mark is not None else 1
