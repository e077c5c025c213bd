"""The checks of an architecture, at each of several shapes."""

from collections.abc import Sequence

from gantool.errors import GantoolError, PluginError
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.batches import (
    each_latent_is_drawn_by_itself,
    each_sample_is_judged_by_itself,
    logits_keep_the_order_of_their_samples,
)
from gantool.testing.conditioning import labels_matter, latents_matter
from gantool.testing.drawing import (
    it_is_built_full_grown,
    map_and_synthesize_are_forward,
    pictures_stay_in_range,
    reals_stay_in_range,
    the_contract_is_kept,
    transparency_is_taken,
)
from gantool.testing.exporting import exported_generators_take_any_batch
from gantool.testing.faults import Fault, Property, found, placed, unwaived
from gantool.testing.freezing import frozen_parameters_stay_frozen, what_learns_has_an_optimizer
from gantool.testing.growing import (
    growing_keeps_every_parameter,
    growth_follows_from_images_seen_alone,
    levels_can_be_shown,
)
from gantool.testing.learning import gradients_reach_every_parameter
from gantool.testing.logits import logits_have_no_bounds
from gantool.testing.modes import batchnorm_follows_training_mode, modes_are_left_alone
from gantool.testing.networks import CHANNELS, CLASSES, Case, shapes, usual
from gantool.testing.repeating import a_seed_builds_the_same_networks, networks_do_not_seed, noise_follows_torchs_seed
from gantool.testing.resuming import runs_resume_exactly
from gantool.testing.saving import state_comes_back_from_a_file, tensors_are_parameters_or_buffers
from gantool.testing.siding import modules_work_at_their_sides
from gantool.testing.steps import a_run_can_be_prepared, the_recipe_can_be_followed, two_steps_are_finite

EVERYWHERE: tuple[Property[Case], ...] = (
    it_is_built_full_grown,
    pictures_stay_in_range,
    reals_stay_in_range,
    modes_are_left_alone,
    batchnorm_follows_training_mode,
    a_seed_builds_the_same_networks,
    noise_follows_torchs_seed,
    networks_do_not_seed,
    tensors_are_parameters_or_buffers,
    state_comes_back_from_a_file,
    logits_keep_the_order_of_their_samples,
    each_sample_is_judged_by_itself,
    logits_have_no_bounds,
    each_latent_is_drawn_by_itself,
    growth_follows_from_images_seen_alone,
    growing_keeps_every_parameter,
    levels_can_be_shown,
    modules_work_at_their_sides,
    gradients_reach_every_parameter,
    latents_matter,
    labels_matter,
    map_and_synthesize_are_forward,
    frozen_parameters_stay_frozen,
    what_learns_has_an_optimizer,
    two_steps_are_finite,
)
"""Those that hold at every shape, once the contract is kept."""
LAST = (transparency_is_taken, runs_resume_exactly, exported_generators_take_any_batch)
"""Those that are tried at one shape, where nothing else is wrong."""
PROPERTIES = (*EVERYWHERE, *LAST)
BY_RECIPE = (frozen_parameters_stay_frozen, what_learns_has_an_optimizer, two_steps_are_finite)
"""Those that take steps by the recipe."""


def faults_of(
    component: Chosen,
    plugins: PluginHost,
    resolutions: Sequence[int] = (),
    channels: Sequence[int] = CHANNELS,
    classes: Sequence[int] = CLASSES,
    quick: bool = False,
) -> list[Fault]:
    """The faults of an architecture; with `quick`, each resolution, number of channels and of classes once.

    Nothing else is tried of networks that break the contract, or that a run refuses: it would fail by the same cause.
    Runs are made only where nothing else is wrong: they would differ for a reason that is already listed. Nor are steps
    taken by a recipe that cannot be followed.
    """
    of_recipe = found([the_recipe_can_be_followed], (component, plugins))
    properties = unwaived((each for each in EVERYWHERE if not of_recipe or each not in BY_RECIPE), component)
    first = (the_contract_is_kept,) if of_recipe else (the_contract_is_kept, a_run_can_be_prepared)
    faults: list[tuple[str, list[Fault]]] = []
    refusals: list[str] = []
    built: list[Case] = []
    for shape in shapes(resolutions or usual(component), channels, classes, quick):
        case = Case(component, shape, plugins)
        try:
            case.build()
        except GantoolError as error:
            if isinstance(error, PluginError):
                faults.append((case.place, [Fault(str(error), the_contract_is_kept.__name__)]))
            else:
                refusals.append(str(error))  # an author may say in a sentence what a network is not made for
            continue
        built.append(case)
        broken = next((broken for check in first if (broken := found([check], case))), None)
        faults.append((case.place, broken or found(properties, case)))
    if not built and refusals:
        none = f"it can be built for none of the shapes that were tried. {refusals[0]}"
        return [*of_recipe, Fault(none, the_contract_is_kept.__name__)]
    if built and not of_recipe and not placed(faults):
        faults.append((built[-1].place, found(unwaived(LAST, component), built[-1])))
    return [*of_recipe, *placed(faults)]
