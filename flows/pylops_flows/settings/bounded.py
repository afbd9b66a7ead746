"""Settings of bounded size: YAML of a kilobyte may stand for gigabytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from pylops_distributed.errors import OversizedSettingsError

TEXT = 200_000  # characters of a file
NODES = 20_000  # values, each as often as aliases repeat it
DEPTH = 50
DIGITS = 40  # of a number: Python takes quadratic time for longer ones


def read_yaml(text: str) -> object:
    """Plain values of a YAML text.

    Parameters
    ----------
    text : str
        YAML; aliases count as what they stand for.

    Returns
    -------
    object
        Dictionaries, lists, text, numbers, dates and None.

    Raises
    ------
    yaml.YAMLError
        If it is not YAML.
    OversizedSettingsError
        If it is larger than settings may be.
    ValueError
        If a value cannot be read, such as the 31st of February.
    """
    if len(text) > TEXT:
        raise OversizedSettingsError(f"settings of {len(text)} characters: expected at most {TEXT}")
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        # Before values are made of it: merge keys (<<) copy what they name at once.
        check_size(root)
        return None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def check_size(value: object) -> None:
    """Reject settings with too many values, nested too deep, or with numbers too long; fast for any aliases.

    Parameters
    ----------
    value : object
        Plain values, or a YAML node.

    Raises
    ------
    OversizedSettingsError
        The message has the size and the limit.
    """
    total = _expanded(value, {}, 1)
    if total > NODES:
        raise OversizedSettingsError(
            f"settings that stand for {_count(total)} values: expected at most {NODES}; aliases (*name) count as "
            "what they stand for"
        )


def _expanded(value: object, counts: dict[int, int | None], depth: int) -> int:
    """Return the number of values that ``value`` stands for; each container is entered once."""
    if depth > DEPTH:
        raise OversizedSettingsError(f"settings nested more than {DEPTH} deep")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        raise OversizedSettingsError(f"a number of {value.bit_length()} bits: expected at most 64")
    if id(value) in counts:
        number = counts[id(value)]
        if number is None:
            raise OversizedSettingsError(
                "settings that contain themselves: an alias (*name) is inside the value that it names"
            )
        return number
    inner = list(_inside(value))
    if not inner:
        return 1
    counts[id(value)] = None
    number = 1 + sum(_expanded(one, counts, depth + 1) for one in inner)
    counts[id(value)] = number
    return number


def _inside(value: Any) -> Iterator[object]:
    if isinstance(value, yaml.CollectionNode):
        value = value.value
        value = [one for pair in value for one in pair] if value and isinstance(value[0], tuple) else value
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value


def _count(total: int) -> str:
    return str(total) if total < 10**12 else f"more than 10^{len(str(total)) - 1}"


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with limits."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._nodes, self._depth = 0, 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Next node of the text; :class:`OversizedSettingsError` if there are too many."""
        self._nodes, self._depth = self._nodes + 1, self._depth + 1
        if self._nodes > NODES:
            raise OversizedSettingsError(f"settings of more than {NODES} values")
        if self._depth > DEPTH:
            raise OversizedSettingsError(f"settings nested more than {DEPTH} deep")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _number(self, node: yaml.ScalarNode) -> float:
        if len(node.value) > DIGITS:
            raise OversizedSettingsError(
                f"a number of {len(node.value)} characters: expected at most {DIGITS}"
            )
        return self.construct_yaml_int(node) if node.tag.endswith("int") else self.construct_yaml_float(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader._number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader._number)
