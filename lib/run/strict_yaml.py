"""YAML as it is meant by whoever writes it: what YAML itself reads otherwise, without a word, is refused here."""

import re

import yaml

WHOLE = re.compile(r"[-+]?(0|[1-9]\d*)")


class _Strict(yaml.SafeLoader):
    """Refuses a name that is given twice, and whole numbers in other forms: to YAML, 010 is 8 and 1:30 is 90."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """A mapping whose names differ."""
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := [name for i, name in enumerate(names) if name in names[:i]]:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)

    def construct_whole(self, node: yaml.ScalarNode) -> int:
        """A whole number as it is written."""
        if not WHOLE.fullmatch(node.value):
            why = f"{node.value} is no whole number as it is written here; text goes in quotes"
            raise yaml.constructor.ConstructorError(None, None, why, node.start_mark)
        return int(node.value)


_Strict.add_constructor("tag:yaml.org,2002:int", _Strict.construct_whole)


def load(text: str) -> object:
    """What a text says.

    Raises
    ------
    yaml.YAMLError
        Where it is no YAML, names something twice, or has a number that YAML takes for another; with the line.
    """
    return yaml.load(text, Loader=_Strict)
