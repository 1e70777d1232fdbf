"""YAML in which a key stands once: of two, the library would keep the last and say nothing."""

import yaml


class KeysOnce(yaml.constructor.BaseConstructor):
    """For a loader to inherit from: a key that comes twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """The mapping of a node."""
        keys = [key.value for key, _ in node.value]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


class Texts(KeysOnce, yaml.BaseLoader):
    """Every scalar as its text: 0.9970 keeps its last digit, and 010 or 1:30 is read by whoever knows what it is."""
