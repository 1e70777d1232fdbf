"""Convert records to arrays and back: frozen dataclasses of arrays, numbers, words, lists, dicts and such dataclasses.

Arrays keep their type and every bit. All else becomes JSON, whose decimal numbers are exact to the last bit as well.
The type annotations of a record say what is read back.
"""

import json
from typing import Any, TypeVar, get_origin

import cattrs
import numpy as np

R = TypeVar("R")
Arrays = dict[str, np.ndarray]

TREE = "record"
"""The name of the array that holds the JSON."""


def to_arrays(record: object) -> Arrays:
    """A record as named arrays."""
    arrays: Arrays = {}
    converter = _converter(arrays)
    tree = converter.unstructure(record)
    arrays[TREE] = text(json.dumps(tree))
    return arrays


def from_arrays(kind: type[R], arrays: Arrays) -> R:
    """Read back a record of type `kind`.

    Raises
    ------
    ValueError
        Where the arrays are not such a record, or reading them as one would change a value: where a field says int,
        whatever was written is made a whole number.
    """
    try:
        tree = json.loads(word(arrays[TREE]))
        record = _converter(arrays).structure(tree, kind)
        again = json.loads(json.dumps(_converter({}).unstructure(record)))
    except (KeyError, ValueError, TypeError, cattrs.BaseValidationError) as error:
        raise ValueError(f"no {kind.__name__}: {error}") from error
    if again != tree:
        raise ValueError(f"no {kind.__name__}: its fields change what was written")
    return record


def text(word: str) -> np.ndarray:
    """A text as an array of its bytes."""
    return np.frombuffer(word.encode(), np.uint8)


def word(array: np.ndarray) -> str:
    """The text of an array that `text` made."""
    return array.tobytes().decode()


def _converter(arrays: Arrays) -> cattrs.Converter:
    """A converter that puts arrays into `arrays`, and takes them from there."""
    converter = cattrs.Converter(forbid_extra_keys=True)

    def put(array: np.ndarray) -> dict[str, str]:
        if not isinstance(array, np.ndarray):
            raise TypeError(f"a record has a {type(array).__name__} where its field is an array of NumPy's")
        name = f"a{len(arrays)}"
        arrays[name] = array
        return {"array": name}

    def take(tree: dict[str, str], kind: Any) -> np.ndarray:
        return arrays[tree["array"]]

    converter.register_unstructure_hook_func(_is_array, put)
    converter.register_unstructure_hook(np.ndarray, put)
    converter.register_structure_hook_func(_is_array, take)
    return converter


def _is_array(kind: Any) -> bool:
    return kind is np.ndarray or get_origin(kind) is np.ndarray
