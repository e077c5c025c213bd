"""Little Parquet files of pictures, as Hugging Face's datasets writes them and as others do."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from gantool_hf_data import ParquetOptions
from gantool_hf_data.sources import parquet

STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def png(seed, size=(8, 8)):
    """A PNG of noise."""
    out = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def deep(greatest):
    """A PNG of 16 bits, from 0 to this value."""
    out = io.BytesIO()
    Image.fromarray(np.linspace(0, greatest, 64).astype(np.uint16).reshape(8, 8)).save(out, "PNG")
    return out.getvalue()


def cells(count, first=0):
    """Cells of pictures, each with its own name."""
    return [{"bytes": png(seed), "path": f"{seed}.png"} for seed in range(first, first + count)]


def declared(**names):
    """The metadata of a schema: columns with names of classes, or None for pictures."""
    features = {
        name: {"_type": "Image"} if classes is None else {"_type": "ClassLabel", "names": classes}
        for name, classes in names.items()
    }
    return {"huggingface": json.dumps({"info": {"features": features}})}


def write(file, columns, types, metadata=None, group=4):
    """A file of these columns, in row groups of `group` rows."""
    schema = pa.schema(list(types.items()), metadata=metadata)
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({name: pa.array(columns[name], kind) for name, kind in types.items()}, schema), file,
                   row_group_size=group)  # fmt: skip
    return file


def labelled(file, count=10, first=0, classes=("cat", "dog"), group=4):
    """A file as datasets writes it: pictures and labels, with their names in the metadata."""
    labels = [(first + row) % len(classes) for row in range(count)]
    columns = {"image": cells(count, first), "label": labels}
    return write(
        file, columns, {"image": STRUCT, "label": pa.int64()}, declared(image=None, label=list(classes)), group
    )


def built(path, **options):
    """The source of a file or folder, at 8 pixels in colour."""
    return parquet(ParquetOptions(path=str(path), **options), 8, 3)
