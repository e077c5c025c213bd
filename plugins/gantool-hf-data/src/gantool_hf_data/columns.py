"""Which columns of a Parquet file are pictures and labels: by the schema of datasets, or by type and name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

IMAGES = ("image", "img", "picture", "photo")
LABELS = ("label", "labels", "class", "class_name", "category", "target", "y")


class ColumnError(Exception):
    """Why a file has no pictures, or no such labels; the text follows its name in a sentence."""


@dataclass(frozen=True)
class Columns:
    """The column of pictures, that of labels or None, the names of the classes where the schema has them, and notes."""

    image: str
    label: str | None
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def columns_of(schema: pa.Schema, image: str, label: str) -> Columns:
    """The columns meant by the options `image` and `label`. Raises ColumnError where there are none."""
    features = _features(schema)
    pictures = _image(schema, features, image)
    found = None if label == "none" else _label(schema, features, label, pictures)
    if found is None:
        return Columns(pictures, None)
    others = [name for name in _classed(schema, features) if name not in (found, pictures)]
    note = f"Labels are those of the column {found}; {' and '.join(others)} may be had by label=."
    integers = pa.types.is_integer(schema.field(found).type)
    names = _class_names(features.get(found)) if integers else ()
    return Columns(pictures, found, names, (note,) if others and label == "auto" else ())


def _features(schema: pa.Schema) -> Mapping[str, Any]:
    """What the metadata `huggingface` says of each column; anybody may have written it."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _image(schema: pa.Schema, features: Mapping[str, Any], wanted: str) -> str:
    usable = [name for name in _names(schema) if holds_pictures(schema.field(name).type)]
    if wanted != "auto":
        if wanted not in schema.names:
            raise ColumnError(f"has no column {wanted!r}; it has {_listed(schema)}")
        if wanted not in usable:
            raise ColumnError(f"has no pictures in its column {wanted!r}: {_type(schema, wanted)}")
        return wanted
    declared = [name for name in usable if _kind(features.get(name)) == "Image"]
    found = declared or usable
    named = [name for name in IMAGES if name in found]
    if not found:
        raise ColumnError(f"has no column of pictures, as bytes or struct<bytes, path>; it has {_listed(schema)}")
    if len(found) > 1 and not named:
        raise ColumnError(f"has several columns of pictures, {', '.join(found)}: name one by image={found[0]}")
    return named[0] if named else found[0]


def _label(schema: pa.Schema, features: Mapping[str, Any], wanted: str, pictures: str) -> str | None:
    if wanted != "auto":
        if wanted not in schema.names:
            raise ColumnError(f"has no column {wanted!r} for labels; it has {_listed(schema)}")
        if not _holds_labels(schema.field(wanted).type):
            raise ColumnError(f"has no labels in its column {wanted!r}, as words or integers: {_type(schema, wanted)}")
        return wanted
    found = [
        *_classed(schema, features),
        *(name for name in LABELS if name in _names(schema) and _holds_labels(schema.field(name).type)),
    ]
    found = [name for name in found if name != pictures]
    return next((name for name in LABELS if name in found), found[0] if found else None)


def _classed(schema: pa.Schema, features: Mapping[str, Any]) -> list[str]:
    """The columns that the metadata declares to be labels."""
    known = [name for name in _names(schema) if _kind(features.get(name)) == "ClassLabel"]
    return [name for name in known if _holds_labels(schema.field(name).type)]


def _names(schema: pa.Schema) -> list[str]:
    """The names of columns, without those that several have, which cannot be asked for."""
    return [name for name in schema.names if schema.names.count(name) == 1]


def _kind(feature: Any) -> Any:
    return feature.get("_type") if isinstance(feature, dict) else None


def _class_names(feature: Any) -> tuple[str, ...]:
    names: Any = feature.get("names") if isinstance(feature, dict) else None
    sound = isinstance(names, list) and all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return tuple(names) if sound else ()


def is_bytes(kind: pa.DataType) -> bool:
    """True for bytes of any size."""
    types = pa.types
    return types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind) or _is_fixed(kind)


def holds_pictures(kind: pa.DataType) -> bool:
    """True for bytes, and for a struct that has them under the name of bytes, as datasets writes."""
    if pa.types.is_struct(kind):
        place = kind.get_field_index("bytes")
        return place >= 0 and is_bytes(kind.field(place).type)
    return is_bytes(kind)


def _is_fixed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_binary(kind)) and not pa.types.is_decimal(kind)


def _holds_labels(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    words = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(words or types.is_integer(kind) or types.is_boolean(kind))


def _type(schema: pa.Schema, name: str) -> str:
    return f"it is of type {str(schema.field(name).type)[:80]}"


def _listed(schema: pa.Schema) -> str:
    shown = [f"{field.name} ({str(field.type)[:40]})" for field in list(schema)[:8]]
    return ", ".join(shown) + (", ..." if len(schema) > 8 else "") if shown else "none at all"
