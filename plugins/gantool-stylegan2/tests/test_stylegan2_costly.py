"""Small files that would take very much time or memory: copies of copies, colliding keys, endless names and numbers."""

import io
import struct
import time
import zipfile

import authors
import pickled
import pytest
import torch
from memory import check_refused, most_memory

import gantool
from gantool_stylegan2.budget import Budget

START, DROP = b"\x80\x02", b"0"
KEEP, AGAIN = b"q\x00", b"h\x00"
LIST = b"]" + b"Na" * 100_000
HASHED_ALIKE = [2305843009213693951 * number for number in range(1, 50_001)]


def text(word):
    content = word.encode()
    return b"X" + struct.pack("<I", len(content)) + content


def whole(number):
    content = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8b" + struct.pack("<i", len(content)) + content


def copied(value, once):
    """A pickle in which a value is copied 20,000 times and all copies are kept."""
    return START + value + KEEP + DROP + b"]" + (once + b"a") * 20_000 + b"."


def called(name, *more):
    return b"c" + name.replace(" ", "\n").encode() + b"\n(" + AGAIN + b"".join(more) + b"tR"


def sized(*sides):
    """A tensor of four numbers that claims such sides."""
    return changed(lambda module: module["_parameters"].update(fc0=Claiming(sides)))


class Claiming:
    def __init__(self, sides):
        self.sides = sides

    def __reduce__(self):
        strides = tuple(1 for _ in self.sides)
        return torch._utils._rebuild_tensor_v2, (torch.ones(4)._typed_storage(), 0, self.sides, strides, False, {})


def changed(change):
    """A sound file but for a change in the state of the mapping's module."""
    value = pickled.of_authors(authors.generator_weights())
    change(value["G_ema"].meta["state"]["_modules"]["mapping"].meta["state"])
    return pickled.dumps(value)


def inside_itself(letters):
    state = b"}q\x00" + text("_modules") + b"}q\x01s"
    meta = b"}(" + text("class_name") + text("G") + text("state") + state + b"u"
    made = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n" + meta + b"\x85Rq\x02"
    return START + b"}" + text("G_ema") + made + b"h\x01" + text("m" * letters) + b"h\x02s0s."


def shared_tables():
    """Modules that have the same hundred names each."""
    tables = {"_buffers": {f"name{number}": None for number in range(100)}}
    return changed(lambda module: module["_modules"].update(
        (f"module{number}", pickled.Persistent("Layer", tables)) for number in range(2_000)
    ))  # fmt: skip


def archive(change):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("\u00e9/data.pkl", b"N.")
    return change(stream.getvalue())


COSTLY = {
    "a list copied": (copied(LIST, called("torch Size")), "opcodes"),
    "a set copied": (copied(b"]" + b"".join(whole(n) + b"a" for n in range(9**5)), called("builtins set")), "opcodes"),
    "pairs copied": (
        copied(b"]" + b"".join(b"K\x01N\x86a" for _ in range(50_000)), called("collections OrderedDict")),
        "opcodes",
    ),
    "text copied": (copied(text("x" * 10**6), called("_codecs encode", text("latin1"))), "again and again"),
    "attributes copied": (
        copied(b"}" + b"".join(whole(n) + b"Ns" for n in range(50_000)), b"cargparse\nNamespace\n)R" + AGAIN + b"b"),
        "opcodes",
    ),
    "arguments copied": (
        START + b"(" + b"N" * 9_000 + b"t" + KEEP + b"0" + (b"cargparse\nNamespace\n" + AGAIN + b"R0") * 50_000 + b"N.",
        "opcodes",
    ),
    "keys of one hash": (START + b"}" + b"".join(whole(key) + b"Ns" for key in HASHED_ALIKE) + b".", "the key 23058"),
    "a set of one hash": (
        START + b"cbuiltins\nset\n]" + b"".join(whole(key) + b"a" for key in HASHED_ALIKE) + b"\x85R.",
        "the key 23058",
    ),
    "places of one hash": (START + b"N" + b"".join(b"p%d\n" % key for key in HASHED_ALIKE) + b".", "far out"),
    "a key of many digits": (START + b"}" + whole(10**5000) + b"Ns.", "more than 128 bits"),
    "a limit of many digits": (changed(lambda module: module.update(conv_clamp=10**5000)), "more than 128 bits"),
    "sides of many digits": (sized(10**5000), "more than 128 bits"),
    "more sides than tensors have": (sized(*[1] * 5_000), "impossible size"),
    "a tensor of no number and very large sides": (sized(0, *[2**39] * 7), "beyond its 4 numbers"),
    "a long name of a module inside itself": (inside_itself(10**6), "a name of more than 200 letters: mmm"),
    "a short name of a module inside itself": (inside_itself(1), "a name of more than 200 letters"),
    "tables of many modules": (shared_tables(), "more than 100,000 modules and tensors"),
    "an archive with a name in no alphabet": (archive(lambda made: made.replace(b"\xc3\xa9", b"\xff\xfe")), "damaged"),
    "an archive cut out of many": (
        archive(lambda made: b"PK\x06\x06" + bytes(52) + b"PK\x06\x07" + bytes(12) + b"\x02\0\0\0" + made[-22:]),
        "damaged|no pickle",
    ),
    "a name of several lines": (b"\x80\x04" + text("a\nb") + text("\u200b\x1b") + b"\x93.", r"'a\\nb\.\\u200b\\x1b'"),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_file_is_refused_at_once(tmp_path, name):
    content, words = COSTLY[name]
    path = tmp_path / "costly.pkl"
    path.write_bytes(content)
    check_refused(path, words, seconds=5)


def test_a_card_that_asks_for_very_many_mapping_layers_is_refused(tmp_path):
    architecture = "stylegan2:channel_base=64,channel_max=2,latent=1,mapping_layers=1000000000"
    card = gantool.ModelCard(architecture=architecture, resolution=32, channels=3, images_seen=0)
    gantool.save_generator(tmp_path / "deep.safetensors", {"weight": torch.ones(1)}, card)
    before, begun = most_memory(), time.process_time()
    with pytest.raises(gantool.CheckpointError, match=r"far beyond the .* of its weights"):
        gantool.load(tmp_path / "deep.safetensors", "cpu")
    assert most_memory() - before < 2**28
    assert time.process_time() - begun < 5


def test_a_budget_counts_what_is_inside_of_copies():
    budget = Budget(10, 10)
    budget.pay_for_copies([[1, 2, 3], (), {"a": 1}, "four", b"five!", 7, None])
    assert (budget.opcodes, budget.size) == (6, 1)
