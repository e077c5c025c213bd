import pytest

from gantool.api.specs import Setting
from gantool.builtin.architectures import DcganOptions, MsgOptions
from gantool.builtin.architectures.dcgan import channel_plan
from gantool.builtin.architectures.widths import FeatureMaps, feature_maps, settle, settle_dcgan


def resolved_for(options, resolution, images):
    return settle(options, Setting(resolution, 3, 16, images, lambda: 10))[0]


def test_feature_maps_are_those_of_table_2():
    assert [FeatureMaps(8192, 512).at(4 * 2**k) for k in range(9)] == [512, 512, 512, 512, 256, 128, 64, 32, 16]


def test_what_nobody_resolved_is_the_papers():
    assert feature_maps(MsgOptions()) == FeatureMaps(8192, 512)
    assert feature_maps(MsgOptions(fmap_base=1024)) == FeatureMaps(1024, 128)
    assert feature_maps(MsgOptions(fmap_max=7)) == FeatureMaps(8192, 7)


@pytest.mark.parametrize(
    ("images", "base", "most"), [(24_000, 512, 64), (200_000, 2048, 256), (1_000_000, 8192, 512), (10**8, 8192, 512)]
)
def test_auto_is_as_wide_as_the_run_is_long(images, base, most):
    resolved = resolved_for(MsgOptions(), 64, images)
    assert (resolved.fmap_base, resolved.fmap_max) == (base, most)


@pytest.mark.parametrize("resolution", [8, 64, 256, 512, 1024])
@pytest.mark.parametrize("images", [1_000, 200_000, 10_000_000])
def test_auto_never_draws_with_fewer_than_16_channels(resolution, images):
    resolved = resolved_for(MsgOptions(), resolution, images)
    assert feature_maps(resolved).at(resolution) >= 16
    assert resolved.fmap_base <= 8192


def test_what_was_asked_for_stays():
    resolved = resolved_for(MsgOptions(fmap_base=100, fmap_max=30), 64, 10)
    assert (resolved.fmap_base, resolved.fmap_max) == (100, 30)
    why = settle(MsgOptions(fmap_base=100), Setting(64, 3, 16, 10, lambda: 10))[1]
    assert why == "fmap_max in proportion to fmap_base"  # not what the run's length can train


@pytest.mark.parametrize(
    ("device", "side", "width"),
    [("cpu", 64, 32), ("cpu", 256, 32), ("cpu", 32, 64), ("cuda", 64, 64), ("mps", 64, 64), ("", 64, 64)],
)
def test_dcgan_is_narrower_on_a_cpu_from_64_pixels_on(device, side, width):
    resolved, why = settle_dcgan(DcganOptions(), Setting(side, 3, 16, 1000, lambda: 10, device))
    assert resolved.width == width
    assert why.startswith(f"width {width}, ")
    asked, why = settle_dcgan(DcganOptions(width=7), Setting(64, 3, 16, 1000, lambda: 10, device))
    assert (asked.width, why) == (7, "")


def test_a_width_that_nobody_resolved_is_the_papers():
    assert channel_plan(DcganOptions(), 64) == [512, 256, 128, 64]
    assert channel_plan(DcganOptions(width=32), 64) == [256, 128, 64, 32]
