"""YAML in which a key may occur only once: of two, the library would silently keep the last."""

import yaml


class KeysOnce(yaml.constructor.BaseConstructor):
    """A base class for loaders that makes a duplicate key an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """The mapping of a node; ConstructorError where a key comes twice."""
        keys = [key.value for key, _ in node.value]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


class Texts(KeysOnce, yaml.BaseLoader):
    """A loader that gives every scalar as its text: 0.9970 keeps its last digit, and 010 or 1:30 stays as written."""
