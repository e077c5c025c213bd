"""What a plugin's tests begin with: the conformance kit, and one journey from training to pictures."""

import gantool_blobs

from gantool.testing import check_architecture


def test_blobs_conforms():
    check_architecture(gantool_blobs.gantool_architectures()[0], resolutions=(16,))


def test_blobs_trains_and_draws(gantool_cli, gantool_host, tmp_path):
    gantool_host.add(gantool_blobs, "gantool-blobs")
    run = ("train", "--arch", "blobs:width=8", "--resolution", "16", "--images", "64", "--out", tmp_path, "--name", "a")
    assert gantool_cli(*run).code == 0
    assert gantool_cli("sample", tmp_path / "a", "-n", "2", "--out", tmp_path / "drawn").code == 0
    assert len(list((tmp_path / "drawn").glob("*.png"))) == 2
