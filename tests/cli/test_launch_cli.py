"""`gantool launch`: scripts that shells and YAML parsers read, with the training word for word."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from gantool.engine import checkpoint
from ranks import process_of

TRAIN = ["train", "--arch", "dcgan:width=8", "--data", "my photos/", "--name", "It's one", "--batch", "64"]
KINDS = {
    **dict.fromkeys(("slurm", "skypilot", "dstack"), ("--nodes", "2")), "ssh": ("--hosts", "me@one,two"),
}  # fmt: skip


@pytest.fixture
def script(gantool):
    """What is printed for a kind of launch, and nothing else on standard output."""

    def printed(kind, *more, train=TRAIN):
        ended = gantool("launch", kind, *KINDS[kind], "--gpus", "4", *more, "--", *train)
        assert (ended.code, ended.err) == (0, "")
        return ended.out

    return printed


def calls(text, environment, *names):
    """The words of each call of these programs by a script of bash."""
    # A call is one write, since calls in the background share the pipe.
    says = "".join(f'{name}() {{ words=$(printf "%s\\1" {name} "$@"); echo "$words"; }}\n' for name in names)
    prelude = f"{says}scontrol() {{ echo node-a; echo node-b; }}\n"
    run = subprocess.run(
        ["bash"], input=prelude + text, env=os.environ | environment, text=True, capture_output=True, check=True
    )
    return [line.removesuffix("\1").split("\1") for line in run.stdout.splitlines()]


def is_torchrun(words, endpoint, launch):
    assert words[0] == "torchrun"
    assert words[words.index("gantool") + 1 :] == TRAIN
    assert words[words.index("gantool") - 2 : words.index("gantool")] == ["-m", "--"]
    flags = dict(pairwise(words))
    assert (flags["--nnodes"], flags["--nproc-per-node"], flags["--max-restarts"]) == ("2", "4", "3")
    assert (flags["--rdzv-backend"], flags["--rdzv-endpoint"], flags["--rdzv-id"]) == ("c10d", endpoint, launch)
    assert "--node-rank" not in words


def test_a_batch_script_meets_at_the_first_host(script):
    text = script("slurm", "--time", "1-00:00:00", "--partition", "gpu", "--setup", "export GREETING='a b'")
    (words,) = calls(text, {"SLURM_JOB_NODELIST": "node-[a-b]", "SLURM_JOB_ID": "7"}, "srun")
    is_torchrun(words[1:], "node-a:29400", "7")
    options = [line.removeprefix("#SBATCH ") for line in text.splitlines() if line.startswith("#SBATCH ")]
    assert {"--nodes=2", "--ntasks-per-node=1", "--gpus-per-node=4", "--time=1-00:00:00", "--partition=gpu"} <= {
        *options
    }
    assert "--job-name=it-s-one" in options
    assert text.startswith("#!/bin/bash\n#SBATCH ")  # which sbatch reads until the first command
    assert "export GREETING='a b'" in text.splitlines()


def test_a_task_of_skypilot_is_yaml(script):
    yaml = pytest.importorskip("yaml")
    task = yaml.safe_load(script("skypilot", "--gpu", "A100-80GB", "--setup", "pip install 'x: y' # z"))
    assert (task["name"], task["num_nodes"], task["resources"]) == ("it-s-one", 2, {"accelerators": "A100-80GB:4"})
    assert task["setup"].strip() == "pip install 'x: y' # z"
    (words,) = calls(task["run"], {"SKYPILOT_NODE_IPS": "10.0.0.1\n10.0.0.2", "SKYPILOT_TASK_ID": "t-1"}, "torchrun")
    is_torchrun(words, "10.0.0.1:29400", "t-1")
    assert "resources" not in yaml.safe_load(script("skypilot", "--gpus", "0"))


@pytest.mark.parametrize("setup", ["pip install gantool", ""])
def test_a_task_of_dstack_is_yaml(script, setup):
    yaml = pytest.importorskip("yaml")
    task = yaml.safe_load(script("dstack", "--setup", setup))
    assert (task["type"], task["name"], task["nodes"]) == ("task", "it-s-one", 2)
    assert task["resources"] == {"gpu": "H100:4"}
    assert [one.strip() for one in task["commands"][:-1]] == [setup] * bool(setup)
    (words,) = calls(task["commands"][-1], {"DSTACK_MASTER_NODE_IP": "10.0.0.1"}, "torchrun")
    is_torchrun(words, "10.0.0.1:29400", "it-s-one")


@pytest.mark.parametrize(("kind", "key"), [("skypilot", "accelerators"), ("dstack", "gpu")])
def test_words_that_yaml_would_take_for_something_else_stay_texts(script, kind, key):
    yaml = pytest.importorskip("yaml")
    task = yaml.safe_load(script(kind, "--gpu", "4090", train=["train", "--name", "true", "--arch", "dcgan"]))
    assert (task["name"], task["resources"]) == ("true", {key: "4090:4"})


def test_each_host_gets_the_same_command_by_ssh(script, tmp_path):
    folder = tmp_path / "it's here"
    folder.mkdir()
    text = script("ssh", "--workdir", folder, "--setup", "pwd")
    sent = calls(text, {}, "ssh")
    assert sorted(words[:3] for words in sent) == [["ssh", "-tt", "me@one"], ["ssh", "-tt", "two"]]
    assert sent[0][3] == sent[1][3]
    there = sent[0][3].replace("exec torchrun", "torchrun")
    where, words = calls(there, {}, "torchrun")
    assert where == [str(folder)]
    is_torchrun(words, "one:29400", "it-s-one")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_script_that_is_ended_ends_each_ssh(script, tmp_path, number, code):
    fake = tmp_path / "ssh"
    fake.write_text('#!/bin/bash\ntouch "$STARTED/$2"\nexec sleep 60\n')
    fake.chmod(0o755)
    (tmp_path / "script").write_text(script("ssh"))
    (tmp_path / "started").mkdir()
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STARTED": str(tmp_path / "started")}
    with (tmp_path / "script").open() as text:
        run = subprocess.Popen(
            ["bash"], stdin=text, env=environment, stdout=subprocess.PIPE, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
        )  # fmt: skip
    while len(list((tmp_path / "started").iterdir())) < 2:
        assert run.poll() is None
        time.sleep(0.01)
    os.kill(run.pid, number)
    assert run.communicate()[0] == b""  # which both ssh hold open, too
    assert run.returncode == code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("slurm", "--nodes", "0", "--", *TRAIN), "--nodes 0: give a number from 1"),
        (("slurm", "--nodes", "2", "--gpus", "-1", "--", *TRAIN), "--gpus -1"),
        (("slurm", "--nodes", "2", "--time", "1 day", "--", *TRAIN), "--time '1 day'"),
        (("dstack", "--nodes", "2", "--gpu", "a\nb", "--", *TRAIN), "--gpu"),
        (("skypilot", "--nodes", "2", "--gpu", "", "--", *TRAIN), "--gpu ''"),
        (("slurm", "--nodes", "2", "--", "train", "--arch", "dcgan"), "--name: by it"),
        (("slurm", "--nodes", "2", "--", "train", "--name", "x", "--arch", "dcgn"), "Did you mean 'dcgan'"),
        (("slurm", "--nodes", "2", "--", "train", "--nam", "x"), "No such option: --nam"),
        (("slurm", "--nodes", "2", "--", "train", "--name", "x", "--batch", "7"), "use a multiple of 2"),
        (("slurm", "--nodes", "2", "--", "train", "--name", "x", "--minutes", "9"), "--minutes is for one process"),
        (("slurm", "--nodes", "2", "--", "train", "--name", "x\ny"), "A line break"),
        (("slurm", "--nodes", "2", "--", "sample", "x"), "starts a training, not 'sample'"),
        (("ssh", "--hosts", "one,one", "--", *TRAIN), "named twice"),
        (("ssh", "--hosts", "-oProxyCommand=x", "--", *TRAIN), "--hosts '-oProxyCommand=x'"),
        (("ssh", "--hosts", "one,two", "--nodes", "3", "--", *TRAIN), "--hosts names 2"),
        (("ssh", "--hosts", ",", "--", *TRAIN), "--nodes 0"),
    ],
)
def test_what_cannot_be_launched_is_refused_before_anything_is_printed(gantool, words, said):
    ended = gantool("launch", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_flags_behind_the_training_are_its_own_without_dashes_too(gantool):
    assert (
        gantool("launch", "slurm", "--nodes", "2", *TRAIN).out
        == gantool("launch", "slurm", "--nodes", "2", "--", *TRAIN).out
    )


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes by /proc")
def test_two_machines_that_are_this_one_train_together_and_outlive_a_process_that_is_killed(gantool, tmp_path):
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "ssh"
    fake.write_text('#!/bin/bash\necho "$2" >> "$HOSTS"\nexec bash -c "$3"\n')
    fake.chmod(0o755)
    here = shlex.quote(str(Path(sys.executable).parent))
    train = ["--arch", "dcgan:width=4,latent=8", "--data", "shapes:count=64", "--resolution", "16", "--batch", "8",
             "--images", "800", "--checkpoint-every", "80", "-q", "--augment", "none", "--device", "cpu", "--precision",
             "float32", "--layout", "contiguous", "--log", "watch:off=yes"]  # fmt: skip
    for name in ("whole", "broken one"):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            port = free.getsockname()[1]
        text = gantool(
            "launch", "ssh", "--hosts", "localhost,127.0.0.1", "--gpus", "0", "--port", port, "--workdir", tmp_path,
            "--setup", f"export PATH={here}:$PATH OMP_NUM_THREADS=1", "--", "train", *train, "--name", name,
        ).out  # fmt: skip
        environment = os.environ | {"PATH": f"{fake.parent}:{os.environ['PATH']}", "HOSTS": str(tmp_path / name)}
        with (tmp_path / f"{name}.txt").open("w") as said:
            script = subprocess.Popen(["bash", "-c", text], env=environment, stdout=said, stderr=said)
        while name != "whole" and not list((tmp_path / "runs" / name).glob("checkpoints/[0-9]*")):
            assert script.poll() is None, (tmp_path / f"{name}.txt").read_text()
            time.sleep(0.02)
        if name != "whole":
            os.kill(process_of(1, f"HOSTS={tmp_path / name}"), signal.SIGKILL)
        assert script.wait(500) == 0, (tmp_path / f"{name}.txt").read_text()
        assert sorted((tmp_path / name).read_text().split()) == ["127.0.0.1", "localhost"]
        assert checkpoint.newest(tmp_path / "runs" / name).name == "000000800"
    whole, broken = ((tmp_path / "runs" / name / "generator.safetensors") for name in ("whole", "broken one"))
    assert whole.read_bytes() == broken.read_bytes()
