"""The recipe of an architecture on a device."""

from dataclasses import replace

from gantool.api.specs import Recipe


def recipe_on(recipe: Recipe, device: str) -> Recipe:
    """The recipe with its loss and penalties for a device."""
    of_cpu = recipe.on_cpu if device == "cpu" else None
    if of_cpu is None:
        return recipe
    loss = recipe.loss if of_cpu.loss is None else of_cpu.loss
    return replace(recipe, loss=loss, penalties=recipe.penalties if of_cpu.penalties is None else of_cpu.penalties)
