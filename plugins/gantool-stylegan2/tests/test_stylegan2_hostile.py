"""Files made to do harm: nothing of them is run, little memory is taken, and each is refused in a sentence."""

import builtins
import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from copy import copy

import authors
import numpy as np
import pickled
import pytest
import torch
from memory import check_refused

import gantool
from gantool_stylegan2 import storages
from gantool_stylegan2.foreign import read_model

MARKER = "it-was-run"


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function, *arguments):
        self.called = function, arguments

    def __reduce__(self):
        return self.called


def plain(value, protocol=4):
    return pickle.dumps(value, protocol)


def inside(content):
    """A pickle with a tensor whose bytes are such a file; torch would unpickle them."""
    return plain({"G_ema": Calls(torch.storage._load_from_bytes, content)})


def legacy(value):
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def zipped(entries, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def spoilt(name, tensor):
    return pickled.dumps(pickled.of_authors(authors.generator_weights() | {name: tensor}))


def tensor_of(size, stride, offset=0):
    """A view of a storage of four numbers, whatever it claims."""
    storage = torch.ones(4)._typed_storage()
    claimed = Calls(torch._utils._rebuild_tensor_v2, storage, offset, size, stride, False, OrderedDict())
    layer = pickled.Persistent("Layer", {"_parameters": {"w_avg": claimed}})
    return pickled.dumps({"G_ema": pickled.Persistent("Generator", {"_modules": {"mapping": layer}})})


def many_views():
    shared = torch.ones(200_000)
    layer = pickled.Persistent("Layer", {"_parameters": {f"fc{index}.weight": shared for index in range(50)}})
    return pickled.dumps({"G_ema": pickled.Persistent("Generator", {"_modules": {"mapping": layer}})})


def text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def endless_modules():
    """A module inside itself, a thousand times over."""
    state = b"}" + text("_modules") + b"}q\x00s"
    meta = b"}(" + text("class_name") + text("G") + text("state") + state + b"u"
    made = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n" + meta + b"\x85Rq\x02"
    inner = b"h\x00(" + b"".join(text(str(index)) + b"h\x02" for index in range(1000)) + b"u0"
    return b"\x80\x02}" + text("G_ema") + made + inner + b"s."


def laughs(levels=60):
    """Tuples in tuples: small, but without end for whoever counts, prints or hashes them."""
    value = b")" + b"".join(b"2\x86" for _ in range(levels))
    return b"\x80\x02}" + value + b"K\x01s."


def overlapping(count):
    """An archive with many names for one entry, which is there once."""
    stream = io.BytesIO(zipped({"a/data.pkl": b"\x80\x02}.", "a/data/0": bytes(4000)}))
    with zipfile.ZipFile(stream, "a") as archive:
        for number in range(1, count):
            entry = copy(archive.infolist()[1])
            entry.filename = f"a/data/{number}"
            archive.filelist.append(entry)
            archive.NameToInfo[entry.filename] = entry
        archive.writestr("a/version", b"3")
    return stream.getvalue()


WHOLE = pickled.dumps(pickled.of_authors(authors.generator_weights()))
DOUBLE = b"cnumpy\ndtype\n" + text("f8") + b"\x85R"
SHELL = f"touch {MARKER}"
HOSTILE = {
    "os.system by reduce": (plain(Calls(os.system, SHELL)), "asks for .*system, which is no part"),
    "builtins.eval": (plain(Calls(eval, f"open({MARKER!r}, 'w')")), "asks for builtins.eval"),
    "builtins.exec in protocol 0": (plain(Calls(exec, f"open({MARKER!r}, 'w')"), 0), "asks for __builtin__.exec"),
    "getattr": (plain(Calls(builtins.getattr, "a", "__class__")), "asks for builtins.getattr"),
    "a file opened": (plain(Calls(open, MARKER, "w")), "asks for .*open"),
    "a module of their own": (b"cit_was_run\nwhatever\n.", "asks for it_was_run.whatever"),
    "names by the stack": (b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x01a\x85R.", "asks for posix.system"),
    "an instance by INST": (b"(S'" + SHELL.encode() + b"'\nios\nsystem\n.", "opcode INST"),
    "an object by OBJ": (b"(cos\nsystem\nS'a'\no.", "asks for os.system"),
    "an extension": (b"\x80\x02\x82\x01.", "opcode EXT1"),
    "a function of torch": (plain(Calls(torch.load, MARKER)), "asks for torch.serialization.load"),
    "a load in a load": (inside(legacy(Calls(os.system, SHELL))), "asks for .*system"),
    "a load in a load in a load": (inside(inside(b"")), "asks for torch.storage._load_from_bytes"),
    "a plain pickle in a load": (inside(plain([1])), "whose numbers are a list"),
    "attributes of what is known": (b"ctorch\nSize\n}S'__call__'\nK\x01sb.", "changes a value of type Known"),
    "a number that is called": (b"K\x01)R.", "calls a value of type int"),
    "a codec that unpacks": (plain(Calls(__import__("codecs").encode, "a", "zlib")), "encoding other than latin1"),
    "a reference to the outside": (b"\x80\x02(S'module'\nK\x01tQ.", "refers to something other"),
    "bytes without end": (b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"a.", "no pickle, or a damaged one"),
    "a place in the memo far out": (b"\x80\x02Nr\xff\xff\xff\xff0.", "no pickle, or a damaged one"),
    "tuples as a key": (laughs(), "a key of type tuple"),
    "lists in lists": (b"]" * 30_000 + b"a" * 29_999 + b".", "nested too deep"),
    "marks in marks": (b"(" * 30_000 + b".", "nested too deep"),
    "a module inside itself": (endless_modules(), "more than 20,000 modules"),
    "a number of many digits": (b"L" + b"9" * 100_000 + b"L\n.", "no pickle, or a damaged one"),
    "a number cut short": (b"cnumpy.core.multiarray\nscalar\n" + DOUBLE + b"C\x01a\x86R.", "of another size"),
    "an attribute of what is known": (
        b"\x80\x04" + text("torch._utils") + text("_rebuild_tensor_v2.__globals__") + b"\x93.", "asks for .*__globals__"
    ),
    "an array of objects": (plain(np.array([Calls(os.system, SHELL)], dtype=object)), "asks for .*system"),
    "an entry by many names": (overlapping(2000), "larger than itself"),
    "cut short": (WHOLE[: len(WHOLE) // 2], "if it was downloaded, download it again"),
    "nothing": (b"", "no pickle, or a damaged one"),
    "text": (b"Not Found", "opcode OBJ"),
    "a plain file of torch": (legacy({"weight": torch.ones(2)}), "no generator"),
    "a zip bomb": (zipped({"a/data.pkl": b"0" * 10**7}, zipfile.ZIP_DEFLATED), "larger than itself"),
    "a compressed archive": (zipped({"a/data.pkl": os.urandom(99)}, zipfile.ZIP_DEFLATED), "compressed entries"),
    "another archive": (zipped({"word/document.xml": b"<w/>"}), "that torch.save did not write"),
    "a script of torch": (zipped({"a/data.pkl": b"c__torch__\nNet\n."}), "asks for __torch__.Net"),
    "a wrong shape": (spoilt("synthesis.b16.conv1.weight", torch.ones(5, 5, 3, 2)), r"is \[5, 5, 3, 2\], where"),
    "no numbers": (spoilt("mapping.fc0.bias", torch.tensor([1.0, torch.nan, 1, 1, 1, 1])), "is not finite"),
    "a tensor beyond its storage": (tensor_of((2, 2), (1, 3)), "beyond its 4 numbers"),
    "a tensor spread from one number": (tensor_of((2**20, 2**19), (0, 0)), "beyond its 4 numbers"),
    "a tensor before its storage": (tensor_of((2,), (1,), -4), "an impossible size or stride"),
    "many tensors of one storage": (many_views(), "they share their numbers"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_does_nothing_and_is_refused(tmp_path, monkeypatch, name):
    content, words = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hostile.pkl"
    path.write_bytes(content)
    check_refused(path, words, seconds=10)
    assert list(tmp_path.iterdir()) == [path]


def test_one_tensor_read_again_and_again_is_refused(tmp_path):
    content = legacy(torch.ones(2**18)._typed_storage())
    load = b"\x80\x03ctorch.storage\n_load_from_bytes\nq\x00B" + struct.pack("<I", len(content)) + content
    again = load + b"\x85q\x02R0" + b"h\x00h\x02R0" * 50 + b"N."
    (tmp_path / "a.pkl").write_bytes(again)
    with pytest.raises(gantool.CheckpointError, match="reads its own bytes again and again"):
        read_model(tmp_path / "a.pkl")


def test_names_in_a_file_are_shown_in_printable_letters_and_not_all_of_them(tmp_path):
    names = {"\x1b[2J": 1} | {f"name{index}": index for index in range(100)}
    (tmp_path / "a.pkl").write_bytes(pickled.dumps(pickled.of_authors(authors.generator_weights()) | names))
    left_out = read_model(tmp_path / "a.pkl").left_out
    assert "'\\x1b[2J': not needed to draw" in left_out
    assert left_out[-1] == "83 more: not needed to draw"


def test_a_file_of_too_many_steps_or_bytes_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.pkl").write_bytes(WHOLE)
    monkeypatch.setattr(storages, "MOST_OPCODES", 1000)
    with pytest.raises(gantool.CheckpointError, match="opcodes"):
        read_model(tmp_path / "a.pkl")
    monkeypatch.setattr(storages, "MOST_BYTES", 1000)
    with pytest.raises(gantool.CheckpointError, match="more than"):
        read_model(tmp_path / "a.pkl")
    with pytest.raises(gantool.CheckpointError, match="no file"):
        read_model(tmp_path)


def test_the_source_text_in_a_sound_file_is_never_run(tmp_path):
    (tmp_path / "a.pkl").write_bytes(WHOLE)
    assert pickled.SOURCE.encode() in WHOLE
    assert read_model(tmp_path / "a.pkl").shape == gantool.ImageShape(32)


def test_the_command_tells_it_without_a_traceback(gantool_cli, tmp_path):
    (tmp_path / "a.pkl").write_bytes(HOSTILE["os.system by reduce"][0])
    ended = gantool_cli("import", tmp_path / "a.pkl", "-o", tmp_path / "b.safetensors")
    assert ended.code == 1
    assert "cannot be imported: a pickle that asks for" in ended.err
    assert "nothing of it was run" in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "b.safetensors").exists()
