"""YAML front matter of a model card, read without trusting it.

Only plain values are made (no tags, no aliases), within limits of size, depth and count; an error
names the line in the card.
"""

from typing import Final, NamedTuple, Protocol

import yaml

from souk.kernel.errors import Invalid

MAX_BYTES: Final = 32 * 1024
MAX_DEPTH: Final = 12
MAX_NODES: Final = 5_000
MAX_NUMBER_CHARACTERS: Final = 40

Value = str | int | float | bool | list["Value"] | dict[str, "Value"] | None


class Field(NamedTuple):
    """A value of the front matter and the line of the card it is on."""

    value: Value
    line: int


def read_front_matter(card: str) -> dict[str, Field]:
    """The top-level fields of a card's front matter; empty when it has none.

    Raises:
        Invalid: `card_invalid` with the line.
    """
    text = _block(card)
    if text is None:
        return {}
    if len(text.encode()) > MAX_BYTES:
        raise _refused(1, f"the front matter may have at most {MAX_BYTES} bytes")
    try:
        _check_limits(text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(_line(mark), error.problem or "it is not YAML") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _refused(2, f"it is not YAML: {str(error).splitlines()[0][:200]}") from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise _refused(_line(root.start_mark), "the front matter must be fields with values")
    return {key: Field(value, line) for key, value, line in _pairs(root)}


def _block(card: str) -> str | None:
    """The text between the first two `---` lines, when the card begins with one."""
    lines = card.splitlines()
    if not lines or lines[0].rstrip() != "---":
        return None
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() in {"---", "..."}:
            return "\n".join(lines[1:number])
    raise _refused(1, "the front matter has no closing ---")


def _check_limits(text: str) -> None:
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise _refused(line, "aliases (*) are not allowed")
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            if getattr(event, "tag", None) not in {None, "!"}:
                raise _refused(line, "tags (!) are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _refused(line, f"values may be nested at most {MAX_DEPTH} deep")
        if nodes > MAX_NODES:
            raise _refused(line, f"there may be at most {MAX_NODES} values")


def _pairs(node: yaml.MappingNode) -> list[tuple[str, Value, int]]:
    seen: set[str] = set()
    pairs = []
    for key_node, value_node in node.value:
        line = _line(key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            raise _refused(line, "a field's name must be plain text")
        key = key_node.value
        if key in seen:
            raise _refused(line, f"{key!r} is there twice")
        seen.add(key)
        pairs.append((key, _value(value_node), line))
    return pairs


def _value(node: yaml.Node) -> Value:
    if isinstance(node, yaml.MappingNode):
        return {key: value for key, value, _ in _pairs(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Value:
    text = str(node.value)
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in {"true", "yes", "on"}
    if kind in {"int", "float"} and len(text) <= MAX_NUMBER_CHARACTERS:
        return _number(text)
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
        raise _refused(_line(node.start_mark), "values must not hold control characters")
    return text


def _number(text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


class _Mark(Protocol):
    line: int


def _line(mark: _Mark | None) -> int:
    """The line in the card: the front matter begins below the first `---`."""
    return 1 if mark is None else mark.line + 2


def _refused(line: int, why: str) -> Invalid:
    return Invalid("card_invalid", f"Line {line} of the card: {why}.", line=line)
