import pytest
import torch

from gantool.builtin.extractors import RandomOptions
from gantool.builtin.extractors.filters import Filters
from gantool.style import Settings, transfer
from gantool.style.color import grey, luma, matched, with_chroma_of


def picture(seed, height=24, width=32):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def chroma(image):
    return image - luma(image)


def test_chroma_is_kept_exactly_and_no_colour_leaves_its_range():
    colours, lightness = picture(0), picture(1)
    both = with_chroma_of(colours, lightness)
    assert torch.allclose(chroma(both), chroma(colours), atol=1e-6)
    assert both.abs().max() <= 1 + 1e-6
    dull = 0.2 * colours
    assert torch.allclose(luma(with_chroma_of(dull, 0.5 * lightness)), luma(0.5 * lightness), atol=1e-6)
    assert torch.allclose(luma(grey(colours)), luma(colours), atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_matched_style_has_the_contents_mean_and_covariance(channels):
    style, content = 0.3 * picture(0)[:, :channels] + 0.2, 0.2 * picture(1)[:, :channels] - 0.1
    one, other = (image[0].flatten(1) for image in (matched(style, content), content))
    assert torch.allclose(one.mean(dim=1), other.mean(dim=1), atol=1e-4)
    assert torch.allclose(one.cov(correction=0), other.cov(correction=0), atol=1e-4)
    assert torch.isfinite(matched(torch.zeros_like(style), content)).all()


def test_a_transfer_that_preserves_colour_keeps_the_contents_chroma():
    content, extractor = picture(0), Filters(RandomOptions(filters=8, size=3, scales=2))
    settings = Settings(steps=4, scales=1, preserve_color="luminance")
    *_, last = transfer(content, [picture(1)], extractor, settings)
    assert torch.allclose(chroma(last.image), chroma(content), atol=1e-5)
    assert (luma(last.image) - luma(content)).abs().mean() > 0.02
    *_, recoloured = transfer(
        content, [picture(1) * 0.1], extractor, Settings(steps=4, scales=1, preserve_color="match")
    )
    assert recoloured.image.std() > 0.3
