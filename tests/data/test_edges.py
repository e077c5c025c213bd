import torch

from gantool.data.pictures.edges import carried_on


def sprite(side=(33, 20)):
    """A disc in one colour with a soft edge; what is transparent hides another colour."""
    rows, columns = (torch.arange(length) - length // 2 for length in side)
    distance = (rows[:, None] ** 2 + columns**2).sqrt()
    alpha = ((8 - distance) * 80).clamp(0, 255).to(torch.uint8)[None]
    yellow, hidden = (torch.tensor(color, dtype=torch.uint8)[:, None, None] for color in ((250, 201, 40), (0, 0, 255)))
    return torch.where(alpha > 0, yellow, hidden), alpha


def test_colours_go_on_beyond_the_edge_and_what_transparency_hides_is_not_seen():
    color, alpha = sprite()
    found = carried_on(color, alpha)
    assert torch.equal(torch.where(alpha > 32, found, color), color)
    assert (found[:, 16] - torch.tensor([250, 201, 40])[:, None]).abs().max() <= 1
    assert (found[:, 6, 10].int() - torch.tensor([250, 201, 40])).abs().max() <= 1


def test_coarse_colours_of_nearly_transparent_pixels_become_those_beside_them():
    color, alpha = sprite()
    faint = alpha.clamp(min=1)
    found = carried_on(torch.where(faint == 1, 255, color), faint)
    assert torch.equal(found[:, 16, 10], color[:, 16, 10])
    assert (found[2, 16] < 80).all()


def test_a_picture_without_anything_visible_is_white():
    for shape in ((1, 1), (1, 5), (7, 1), (4, 6)):
        found = carried_on(torch.zeros(3, *shape, dtype=torch.uint8), torch.zeros(1, *shape, dtype=torch.uint8))
        assert found.shape == (3, *shape)
        assert (found == 255).all()
