"""The recipe of an architecture on a device."""

from dataclasses import replace

from gantool.api.specs import Recipe


def recipe_on(recipe: Recipe, device: str, given: str = "") -> Recipe:
    """The recipe with its loss and penalties for a device.

    Where the loss was `given` that a GPU has, its penalties go with it on a CPU, too.
    """
    of_cpu = recipe.on_cpu if device == "cpu" else None
    if of_cpu is None:
        return recipe
    loss = recipe.loss if of_cpu.loss is None else of_cpu.loss
    name, of_gpu, here = (text.partition(":")[0].strip() for text in (given, recipe.loss, loss))
    others = None if name == of_gpu != here else of_cpu.penalties
    return replace(recipe, loss=loss, penalties=recipe.penalties if others is None else others)
