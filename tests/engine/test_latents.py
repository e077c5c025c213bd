"""Latents: identities of drawing, truncating, interpolating and walking."""

import math

import pytest
import torch

from gantool.engine import latents


def test_a_latent_depends_on_its_seed_alone() -> None:
    many = latents.draw(range(40), 16)
    assert torch.equal(latents.draw([7], 16)[0], many[7])
    assert torch.equal(latents.draw([7, 3, 7], 16), many[[7, 3, 7]])
    assert len({tuple(row.tolist()) for row in many}) == 40


def test_drawing_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    latents.draw([1, 2], 4)
    assert torch.equal(torch.get_rng_state(), before)


def test_latents_are_standard_normal() -> None:
    z = latents.draw(range(2000), 32)
    assert abs(z.mean().item()) < 0.02
    assert abs(z.std().item() - 1) < 0.02


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_would_repeat_another_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match=str(seed)):
        latents.draw([seed], 4)
    assert latents.draw([2**32 - 1], 4).isfinite().all()


def test_truncation_goes_from_the_latent_to_the_mean() -> None:
    z, mean = latents.draw([1, 2], 8), torch.full((8,), 3.0)
    assert torch.equal(latents.truncate(z, 1.0, mean), z)
    assert torch.equal(latents.truncate(z, 0.0, mean), mean.expand(2, 8))
    assert torch.equal(latents.truncate(z, 0.0), torch.zeros(2, 8))
    torch.testing.assert_close(latents.truncate(z, 0.5, mean), (z + mean) / 2)


@pytest.mark.parametrize("mix", [latents.lerp, latents.slerp])
def test_mixing_is_exact_at_both_ends(mix: latents.Mix) -> None:
    a, b = latents.draw([1, 2, 3], 16), latents.draw([4, 5, 6], 16)
    assert torch.equal(mix(a, b, 0.0), a)
    assert torch.equal(mix(a, b, 1.0), b)


def test_slerp_turns_evenly_and_keeps_equal_lengths() -> None:
    a, b = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    for t in (0.25, 0.5, 0.75):
        angle = t * math.pi / 2
        expected = torch.tensor([[2 * math.cos(angle), 2 * math.sin(angle)]])
        torch.testing.assert_close(latents.slerp(a, b, t), expected)


def test_slerp_is_safe_for_parallel_opposite_and_zero_vectors() -> None:
    a = latents.draw([1], 8)
    torch.testing.assert_close(latents.slerp(a, 3 * a, 0.5), math.sqrt(3) * a)
    torch.testing.assert_close(latents.slerp(a, a, 0.3), a)
    opposite = latents.slerp(a, -a, 0.5)
    torch.testing.assert_close(opposite.norm(), a.norm())
    assert abs((opposite @ a.T).item()) < 1e-4
    zero = torch.zeros(1, 8)
    torch.testing.assert_close(latents.slerp(zero, a, 0.5), a / 2)
    assert torch.equal(latents.slerp(zero, zero, 0.5), zero)


METHODS: list[latents.Method] = ["lerp", "slerp", "smooth", "smooth-sphere"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("count", "frames"), [(2, 2), (2, 9), (3, 10), (5, 23), (4, 4)])
def test_a_walk_meets_every_key_bit_for_bit(method: latents.Method, count: int, frames: int) -> None:
    keys = latents.draw(range(count), 12)
    path = latents.walk(keys, frames, method)
    assert path.shape == (frames, 12)
    assert torch.equal(path[0], keys[0])
    assert torch.equal(path[-1], keys[-1])
    found = [index for index, frame in enumerate(path) if any(torch.equal(frame, key) for key in keys)]
    assert len(found) == count
    assert torch.equal(path[found], keys)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [2, 3])
def test_a_loop_closes_without_a_doubled_frame(method: latents.Method, count: int) -> None:
    keys = latents.draw(range(count), 12)
    path = latents.walk(keys, count * 8, method, loop=True)
    assert torch.equal(path[::8], keys)
    steps = (path.roll(-1, 0) - path).norm(dim=-1)
    assert steps.min() > 0
    assert steps[-1] < 3 * steps.median()


def test_walking_on_the_sphere_keeps_gaussian_length_and_a_straight_spline_does_not() -> None:
    keys = torch.nn.functional.normalize(latents.draw(range(6), 100), dim=-1) * 10
    for method in ("slerp", "smooth-sphere"):
        lengths = latents.walk(keys, 101, method).norm(dim=-1)
        torch.testing.assert_close(lengths, torch.full((101,), 10.0), rtol=1e-4, atol=0.0)
    assert latents.walk(keys, 101, "lerp").norm(dim=-1).min() < 8


@pytest.mark.parametrize("method", ["smooth", "smooth-sphere"])
@pytest.mark.parametrize("loop", [False, True])
def test_a_spline_has_no_corners_at_its_keys(method: latents.Method, loop: bool) -> None:
    keys = latents.draw(range(4), 24)

    def sharpest_turn(kind: latents.Method) -> float:
        path = latents.walk(keys, 1200 + (not loop), kind, loop)
        steps = path.roll(-1, 0) - path if loop else path[1:] - path[:-1]
        onward = steps.roll(-1, 0)
        cosines = torch.cosine_similarity(steps, onward)
        return float((cosines if loop else cosines[:-1]).min())

    assert sharpest_turn(method) > 0.99
    assert sharpest_turn("lerp") < 0.9


def test_an_open_spline_between_two_keys_is_the_straight_line() -> None:
    keys = latents.draw([1, 2], 8)
    torch.testing.assert_close(latents.walk(keys, 7, "smooth"), latents.walk(keys, 7, "lerp"))


def test_walks_work_on_latents_with_layers() -> None:
    keys = latents.draw(range(6), 8).reshape(3, 2, 8)
    path = latents.walk(keys, 9, "smooth-sphere")
    assert torch.equal(path[::4], keys)


@pytest.mark.parametrize(("count", "frames"), [(1, 5), (4, 3)])
def test_a_walk_needs_two_keys_and_a_frame_for_each(count: int, frames: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        latents.walk(latents.draw(range(count), 4), frames)
