"""Each check of the conformance kit finds the fault that was planted for it, and reports it in a sentence."""

from dataclasses import replace
from typing import Literal

import pytest
from planted import place_of
from pydantic import field_validator

import gantool
from gantool.testing import (
    Nonconforming,
    check_architecture,
    check_augmentation,
    check_component,
    check_loss,
)


class Step(gantool.Options):
    step: int = gantool.option(2, "how much brighter each is", ge=1)


class Doubling(gantool.Options):
    """Its validator does not leave its own results as they are."""

    width: int = gantool.option(8, "width")

    @field_validator("width")
    @classmethod
    def _doubled(cls, value: int) -> int:
        return 2 * value


def spec_of(kind, factory, options=gantool.Options, traits=(), resolutions=(8,), penalties=()):
    place = place_of(factory)
    if kind == "command":
        return gantool.Command("planted", "Something planted", place)
    if kind == "architecture":
        recipe = gantool.Recipe(penalties=penalties)
        return gantool.Architecture("planted", "Something planted", options, place, recipe, resolutions)
    return gantool.Component("planted", "Something planted", options, place, traits=traits)


def faults_of(kind, factory, **more):
    if kind != "architecture":
        return check_component(kind, spec_of(kind, factory, **more))
    try:  # one shape: the checks at all of them are the same
        check_architecture(spec_of(kind, factory, **more), channels=(3,), classes=(3,))
    except Nonconforming as found:
        return found.faults
    return []


SOUND = [
    ("architecture", "sound", {}),
    ("architecture", "bright_by_chance", {}),
    ("architecture", "growing", {}),
    ("architecture", "fading_in", {}),
    ("architecture", "normalised", {}),
    ("architecture", "lazy", {}),
    ("architecture", "taught_by_a_term", {}),
    ("architecture", "sloped", {"penalties": ("r1",)}),
    ("architecture", "fixed", {}),
    ("architecture", "cautious", {}),
    ("architecture", "not_for_export", {}),
    ("architecture", "resting", {}),
    ("architecture", "sharing", {}),
    ("architecture", "awaking", {}),
    ("optimizer", "at_two_rates", {}),
    ("optimizer", "heeding_overflow", {}),
    ("loss", "Hinge", {}),
    ("loss", "HingeOfSix", {}),
    ("loss", "HingeOfForty", {}),
    ("loss", "Critic", {"traits": ("critic", "relative")}),
    ("penalty", "Slope", {"traits": ("slope",)}),
    ("penalty", "Holding", {}),
    ("augmentation", "Flip", {}),
    ("balance", "SoundBalance", {}),
    ("source", "Squares", {"options": Step}),
    ("source", "SquaresInColour", {"options": Step}),
    ("source", "SquaresThatTurnOutInColour", {"options": Step}),
    ("extractor", "Pooling", {}),
    ("extractor", "PoolingForGram", {}),
    ("style-network", "Negative", {}),
    ("style-network", "Tinting", {"traits": ("any-style",)}),
    ("metric", "Spread", {}),
    ("metric", "Centre", {}),
    ("observer", "Diary", {}),
    ("observer", "Accounting", {}),
    ("observer", "Scribe", {}),
    ("command", "greet", {}),
]


@pytest.mark.long
@pytest.mark.parametrize(("kind", "factory", "more"), SOUND, ids=[factory for _, factory, _ in SOUND])
def test_what_is_sound_has_no_faults(kind, factory, more):
    assert faults_of(kind, factory, **more) == []


PLANTED = [
    ("architecture", "misplaced", ("generator.last works at 4 pixels, and it gives maps of 8",)),
    ("architecture", "misnamed", ("module_sides() names 'discriminator.blocks.0', which is no module",)),
    ("architecture", "wrong_range", ("the generator draws no pixel below 0", "tanh")),
    ("architecture", "bytes_range", ("the generator draws pixels from", "tanh")),
    ("architecture", "wrong_middle", ("the generator draws pixels whose mean is 2.99", "tanh")),
    ("architecture", "below_zero", ("the generator draws no pixel above 0", "tanh")),
    ("architecture", "same_for_every_latent", ("the generator draws the same pictures whatever the latent",)),
    ("architecture", "noise_for_every_latent", ("the generator draws the same pictures whatever the latent",)),
    ("architecture", "seeding_noise", ("its generator seeds torch's own generator",)),
    ("architecture", "seeding_weights", ("its factory seeds torch's own generator",)),
    ("architecture", "wrong_shape", ("generator", "same shapes of both")),
    ("architecture", "of_three_channels", ("generator", "[2, 3, 8, 8]", "[2, 4, 8, 8]")),
    ("augmentation", "FlipColors", ("it returns another number",)),
    ("source", "BrighterThanAlpha", ("colours above their alpha",)),
    ("architecture", "dead_parameter", ("no gradient reaches last.weight of the generator",)),
    ("architecture", "batchnorm_in_eval", ("leaves generator.norm in evaluation mode",)),
    ("architecture", "batchnorm_out_of_reach", ("norm of the generator is BatchNorm that stays in evaluation mode",)),
    ("architecture", "unseeded_noise", ("the generator draws other pictures", "same seed", "not by numpy")),
    ("architecture", "unseeded_choice", ("the generator draws other pictures", "in training mode")),
    ("architecture", "unseeded_weights", ("first.weight of the discriminator differs when it is built twice",)),
    ("architecture", "loose_tensor", ("generator.mean is a tensor outside the state", "register_buffer('mean'")),
    ("architecture", "state_outside", ("the generator draws other pictures after its state was saved and loaded",)),
    ("architecture", "mixing_batch", ("depends on the other samples of the batch", "compares_samples = True")),
    ("architecture", "order_matters", ("depend on the order of the batch",)),
    ("architecture", "deaf_to_labels", ("3 classes: the generator draws the same pictures for every label",)),
    ("architecture", "history_matters", ("advance(0) adds, drops or changes|depend on what they were advanced to",)),
    ("architecture", "inexact", ("generator.calls", "is not the same")),
    ("architecture", "not_finite", ("gradient of the discriminator is not finite",)),
    ("architecture", "narrow_view", ("view(batch) makes pixels of size 2",)),
    ("architecture", "only_contiguous", ("view size is not compatible",)),
    ("architecture", "other_synthesis", ("synthesize(map(z, labels)) draws other pictures",)),
    ("architecture", "built_small", ("just built draws pictures of 4 pixels, not of 8",)),
    ("architecture", "growing_by_calls", ("depend on what they were advanced to before",)),
    ("architecture", "growing_anew", ("advance(0) adds, drops or changes last.weight of the generator",)),
    ("architecture", "showing_nothing", ("after show(4) its generator draws pictures of 8 pixels",)),
    ("architecture", "mixing_latents", ("picture of a latent depends on the other latents",)),
    ("architecture", "switching_in_steps", ("a step leaves discriminator.drop in another mode",)),
    ("architecture", "taught_to_one_alone", ("the generator cannot learn what labels mean",)),
    ("architecture", "sloped", ("no gradient reaches slope of the discriminator", "recipe's penalties")),
    ("architecture", "idle", ("no gradient reaches idle.weight, idle.bias of the discriminator",)),
    ("architecture", "unfreezing", ("first.weight of the discriminator was built frozen, and drawing",)),
    ("architecture", "thawing", ("first.weight of the discriminator was built frozen", "unfreezes it")),
    ("architecture", "moving", ("first.bias of the discriminator was built frozen, and a step", "changes it")),
    ("architecture", "ending_in_sigmoid", ("logits stay in [0, 1]", "a sigmoid")),
    ("architecture", "ending_in_tanh", ("logits stay in [-1, 1]", "a tanh")),
    ("architecture", "of_one_batch", ("exported by torch.export with an open batch", "z.shape[0] instead of len(z)")),
    ("architecture", "with_two_heads", ("no gradient reaches second.weight", "one tensor [n, k]")),
    ("architecture", "registering_late", ("scale comes into the state of the generator at its first call", "__init__")),
    ("loss", "PairingForNothing", ("its generator does not use the logits of reals",)),
    ("loss", "HingeOfMeans", ("discriminator(real_logits, fake_logits) returned", "the step takes the mean")),
    ("loss", "HingeMixing", ("its generator(real_logits, fake_logits) mixes samples",)),
    ("loss", "HingeUpsideDown", ("the generator would learn to be recognised",)),
    ("loss", "LogOfSigmoid", ("is not finite", "softplus")),
    ("loss", "HingeOfACritic", ("remove 'critic' from the traits",)),
    ("loss", "Unbounded", ("add 'critic' to the traits", "boundary = None")),
    ("loss", "SquaresAroundAHalf", ("does best at the logit 0.5", "its boundary is 0")),
    ("loss", "HingeSeeding", ("its generator(real_logits, fake_logits) seeds torch's own generator",)),
    ("loss", "Counting", ("it holds state that is not saved", "nn.Module")),
    ("penalty", "CountingSlope", ("it holds state that is not saved", "nn.Module")),
    ("augmentation", "FlipMoreAndMore", ("it holds state that is not saved", "register_buffer")),
    ("augmentation", "FlipEverySecond", ("it holds state that is not saved", "nn.Module")),
    ("source", "OtherBatch", ("batch(0, 4) has another picture or label at 1",)),
    ("source", "OtherGathering", ("gather([3, 2, 1, 0]) has another picture or label at 0",)),
    ("penalty", "SlopeWithoutGraph", ("gradient to the discriminator's weights", "create_graph=True")),
    ("penalty", "NothingToLearn", ("its gradient by every weight is 0",)),
    ("penalty", "SlopeByNumpy", ("other values under the same seed",)),
    ("penalty", "SlopeSeeding", ("it seeds torch's own generator",)),
    ("penalty", "HoldingSeeding", ("it seeds torch's own generator",)),
    ("penalty", "SlopeByChance", ("other values under the same seed",)),
    ("penalty", "HoldingNothing", ("changes no weight",)),
    ("penalty", "HoldingTheFrozen", ("it changes weights that are frozen",)),
    ("penalty", "HoldingByReplacing", ("in place",)),
    ("optimizer", "at_its_own_rate", ("follows the run's learning rate",)),
    ("optimizer", "dropping_vectors", ("param_groups leave out",)),
    ("optimizer", "deaf_to_overflow", ("found_inf",)),
    ("architecture", "counting_terms", ("networks or terms depend on what they were advanced to",)),
    ("architecture", "counting_in_training", ("of the generator is not the same",)),
    ("architecture", "following", ("is a buffer of a part that is frozen", "evaluation mode")),
    ("architecture", "of_two", ("built a tuple; its factory must return a gantool.Gan",)),
    ("penalty", "LettingGrow", ("makes some weights larger",)),
    ("penalty", "SlopeByRoot", ("weights are all 0", "The root of 0")),
    ("penalty", "SlopeByBackward", ("it changes its network", "torch.autograd.grad")),
    ("penalty", "Remembering", ("its buffer mean is not finite",)),
    ("augmentation", "FlipEachTime", ("something else each time it is applied",)),
    ("augmentation", "FlipEachLevel", ("levels of a pyramid get different transformations",)),
    ("augmentation", "FlipByChance", ("something else under the same seed",)),
    ("augmentation", "FlipSeeding", ("it seeds torch's own generator",)),
    ("balance", "SeedingBalance", ("it seeds torch's own generator",)),
    ("augmentation", "AlwaysNegative", ("every draw(n) does the same",)),
    ("augmentation", "Bytes", ("makes pixels of size 127",)),
    ("augmentation", "FlipOnce", ("its second derivative by the pictures is missing",)),
    ("augmentation", "Adapting", ("its buffer mean is not finite",)),
    ("balance", "TellingByAsking", ("turn() called again returns another Turn",)),
    ("balance", "Starving", ("turn() never updates the generator",)),
    ("balance", "Alternating", ("it holds state that is not saved", "nn.Module")),
    ("source", "SquaresInGrey", ("These squares are grey",)),
    ("source", "SquaresThatTurnOutGrey", ("These squares are grey",)),
    ("source", "FloatSquares", ("float32 tensor", "return a uint8 tensor of shape [3, 16, 16]")),
    ("source", "RandomSquares", ("is another picture or label again",)),
    ("source", "SeedingSquares", ("source[0] draws from torch's own generator or seeds it",)),
    ("source", "EndlessSquares", ("source[20], beyond its 20 pictures", "IndexError")),
    ("source", "SameFingerprint", ("its fingerprint is the same with step=3",)),
    ("source", "ThirdClass", ("has the label 1, with 1 class_names",)),
    ("style-network", "HalfNegative", ("it gives torch.float32 of shape", "stride and least_side say")),
    ("style-network", "NegativeBytes", ("not within [-1, 1]",)),
    ("style-network", "NegativeOfTheBatch", ("depends on the other photos of the batch",)),
    ("style-network", "NegativeInPlace", ("it changes its argument in place",)),
    ("style-network", "NegativeNoise", ("other pictures each time",)),
    ("style-network", "NegativeSeeding", ("it draws from torch's own generator or seeds it",)),
    ("style-network", "Copying", ("its pictures are the photos themselves",)),
    ("style-network", "Blank", ("two photos give the same picture",)),
    ("extractor", "PoolingWithoutGradient", ("feature 0 has no gradient to the picture",)),
    ("extractor", "Averaging", ("it gives a Tensor; return a list or tuple of tensors",)),
    ("extractor", "PoolingNoise", ("other features each time",)),
    ("extractor", "PoolingSeeding", ("it draws from torch's own generator or seeds it",)),
    ("extractor", "PoolingWithLayers", ("no content_layers and no style_layers and no select",)),
    ("style-loss", "MeansForPlaces", ("It is 0 without blend", "let measure give sums over places")),
    ("extractor", "PoolingForStyle", ("its style_loss is 'gramm'", "Did you mean 'gram'?")),
    ("extractor", "Dividing", ("of one grey it gives feature 0 with values that are not finite",)),
    ("metric", "CentreTensor", ("its value 'centre' is tensor(", "float(tensor)")),
    ("metric", "CentreErrorAlone", ("its value 'middle_error' is the error of nothing",)),
    ("metric", "CentreByNumber", ("for some pictures and", "give the same names")),
    ("metric", "CentreMisnamed", ("its better names 'center', which is none of its values: centre",)),
    ("metric", "CentreUpsideDown", ("its value 'centre' is 0 for the data against itself",)),
    ("metric", "CentreDice", ("other values each time|draws from torch's own generator",)),
    ("metric", "CentreSeeding", ("draws from torch's own generator or seeds it",)),
    ("metric", "CentreInPlace", ("it changes features in place",)),
    ("metric", "CentreByRow", ("for the same pictures in another order",)),
    ("metric", "CentreOfDeviations", ("for equal pictures on both sides", "its value 'centre' is nan")),
    ("metric", "CentreRefusing", ("it refuses sets of 2 pictures by 'too few'",)),
    ("metric", "CentreTalkative", ("read() gives 'centre",)),
    ("metric", "CentreUntitled", ("title('centre', ...) gives ''",)),
    ("metric", "CentreOfManyPairs", ("pairs() gives 24 pairs",)),
    ("metric", "CentreOfFarPairs", ("pairs() are not in order",)),
    ("metric", "CentreOfOtherRows", ("pairs() names rows that are not there",)),
    ("observer", "WaitingForPictures", ("it handles a run that resumes, is interrupted, and fails",)),
    ("observer", "Meddling", ("it changes images of the event Snapshot",)),
    ("observer", "Dice", ("draws from torch's own generator",)),
    ("observer", "Seeding", ("draws from torch's own generator at Started, or seeds it",)),
    ("observer", "Talkative", ("it answers Started with 'noted'",)),
    ("command", "greet_anyone", ("Typer does not understand planted_sources:greet_anyone",)),
    ("observer", "OnlyKnown", ("it raises TypeError for an event of an unknown class",)),
]


@pytest.mark.parametrize(("kind", "factory", "words"), PLANTED, ids=[factory for _, factory, _ in PLANTED])
def test_a_planted_fault_is_found_and_named(kind, factory, words):
    traits = ("critic",) if factory == "HingeOfACritic" else ()
    faults = faults_of(kind, factory, options=Step if kind == "source" else gantool.Options, traits=traits)
    text = "\n".join(faults)
    for each in words:
        assert any(one in text for one in each.split("|")), text or "no fault was found"
    met = (
        "only_contiguous",
        "greet_anyone",
        "Sampling",
        "FlipOnce",
        "WaitingForPictures",
    )  # by accident; others say it in words
    assert "Error:" not in text or factory in met, text
    assert all(fault.endswith((".", ")")) for fault in faults)


@pytest.mark.parametrize(("loss", "finite"), [("lsgan:real=1e30", False), ("hinge", True)])
def test_loss_and_penalties_of_a_gpu_are_tried_where_a_cpu_has_others(loss, finite):
    from gantool.testing import steps  # torch imported beside the options above would be a fault
    from gantool.testing.choosing import chosen
    from gantool.testing.networks import Case

    recipe = gantool.Recipe(loss=loss, on_cpu=gantool.OnCpu(8, 1e-3, loss="logistic", penalties=("r1",)))
    with chosen("architecture", replace(spec_of("architecture", "sound"), recipe=recipe)) as (component, plugins):
        faults = list(steps.two_steps_are_finite(Case(component, gantool.ImageShape(8, 3), plugins)))
    said = "training with loss and penalties of a GPU: loss or gradient of the discriminator is not finite"
    assert any(fault.startswith(said) for fault in faults) != finite
    assert bool(faults) != finite


@pytest.mark.parametrize(
    ("gpu", "cpu", "dead"), [(("r1",), ("r2",), ""), (("r1",), (), " on a CPU"), ((), ("r1",), " on a GPU")]
)
def test_a_weight_that_learns_by_a_penalty_learns_by_that_of_each_device(gpu, cpu, dead):
    from gantool.testing import learning  # torch imported beside the options above would be a fault
    from gantool.testing.choosing import chosen
    from gantool.testing.networks import Case

    recipe = gantool.Recipe(penalties=gpu, on_cpu=gantool.OnCpu(8, 1e-3, penalties=cpu))
    with chosen("architecture", replace(spec_of("architecture", "sloped"), recipe=recipe)) as (component, plugins):
        faults = list(learning.gradients_reach_every_parameter(Case(component, gantool.ImageShape(8, 3), plugins)))
    assert [f" of the discriminator{dead}, which can never learn" in fault for fault in faults] == [True] * bool(dead)


def test_an_optimizer_that_cannot_take_the_weights_of_a_convolution_is_found():
    faults = faults_of("optimizer", "for_matrices")
    assert any("RuntimeError" in fault for fault in faults), faults


def test_a_backward_pass_that_fails_is_one_fault():
    (fault,) = faults_of("architecture", "without_backward")
    assert "gradients reach every parameter" not in fault
    assert "modified by an inplace operation" in fault


def test_weights_that_no_optimizer_gets_are_found(monkeypatch):
    from gantool.run.prepare import build_game  # torch imported beside the options above would be a fault
    from gantool.testing import freezing
    from gantool.testing.choosing import chosen
    from gantool.testing.networks import Case

    def without(prepared, device, world):
        game = build_game(prepared, device, world)
        del game.optimizer_d.param_groups[0]["params"][0]
        return game

    monkeypatch.setattr(freezing, "build_game", without)
    with chosen("architecture", spec_of("architecture", "sound")) as (component, plugins):
        (fault,) = freezing.what_learns_has_an_optimizer(Case(component, gantool.ImageShape(8, 3), plugins))
    assert "first.weight of the discriminator requires grad as it is built, and no optimizer" in fault


@pytest.mark.long
def test_torch_imported_where_a_component_is_declared_is_found(tmp_path, monkeypatch):
    for name, first in (("heavy_planted", "import torch"), ("light_planted", "import math")):
        (tmp_path / f"{name}.py").write_text(
            f"{first}\nimport gantool\n"
            "class Own(gantool.Options): pass\n"
            "@gantool.hookimpl\n"
            "def gantool_losses():\n"
            "    return [gantool.Component('planted', 'Something planted', Own, 'planted_losses:Hinge')]\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    import heavy_planted
    import light_planted

    (fault,) = check_component("loss", heavy_planted.gantool_losses()[0])
    assert "importing heavy_planted, which declares it, imports " in fault
    assert "torch" in fault
    assert check_component("loss", light_planted.gantool_losses()[0]) == []


def test_options_that_do_not_come_back_are_found():
    (fault,) = faults_of("loss", "Hinge", options=Doubling)
    assert "option 'width' does not come back from a flag as written ('planted:width=16')" in fault
    assert "width=16 became 32" in fault


class Open(gantool.Options):
    strength: float | Literal["auto"] = gantool.option("auto", "how strong")


def test_options_that_stay_open_are_found():
    place = f"{__name__}:resolved_by_nothing"
    spec = gantool.Component("planted", "Something planted", Open, "planted_losses:Hinge", settle=place)
    reason, left = check_component("loss", spec)
    assert "returns options without a reason" in reason
    assert f"{place} leaves option 'strength' at \"auto\"" in left


def resolved_by_nothing(options, setting):
    return options, ""


def test_options_that_stay_open_on_one_device_are_found():
    place = f"{__name__}:resolved_on_a_cpu"
    spec = gantool.Component("planted", "Something planted", Open, "planted_losses:Hinge", settle=place)
    (fault,) = check_component("loss", spec)
    assert f"{place} leaves option 'strength' at \"auto\"" in fault


def resolved_on_a_cpu(options, setting):
    strength = options.strength if setting.device == "cuda" else 0.5
    return options.model_copy(update={"strength": strength}), "as is usual"


def test_a_natural_shape_that_is_not_its_own_is_found():
    spec = gantool.Component("planted", "Something", Step, "planted_sources:Squares", natural="planted_sources:unlike")
    (fault,) = check_component("source", spec)
    assert "its natural shape has 5 classes, and it has 2 class_names" in fault


def test_a_constraint_of_the_recipe_that_changes_frozen_weights_is_found_and_clip_does_not(monkeypatch):
    from gantool.builtin.penalties.constraints import Clip  # torch imported beside the options above would be a fault
    from gantool.testing.choosing import chosen
    from gantool.testing.freezing import frozen_parameters_stay_frozen
    from gantool.testing.networks import Case

    def clip_all(self, network):
        for weight in network.parameters():
            weight.data.clamp_(-self.value, self.value)

    def faults():
        with chosen("architecture", spec_of("architecture", "fixed", penalties=("clip:value=0.001",))) as found:
            return list(frozen_parameters_stay_frozen(Case(found[0], gantool.ImageShape(8, 3), found[1])))

    assert faults() == []
    monkeypatch.setattr(Clip, "constrain", clip_all)
    assert any("a step of training by the recipe changes it" in fault for fault in faults())


def test_a_wrong_spec_is_a_fault_and_no_error():
    (fault,) = check_component("loss", gantool.Component("planted", "", gantool.Options, "planted_losses:Hinge"))
    assert "needs a summary of one line" in fault
    (fault,) = check_component("loss", "no-such-loss")
    assert "no-such-loss" in fault
    (fault,) = check_component("loss", gantool.Architecture("x", "X", Step, "planted_networks:sound"))
    assert "must be a gantool.Component, not Architecture" in fault
    (fault,) = check_component("los", "hinge")
    assert "Did you mean 'loss'?" in fault
    (fault,) = faults_of("loss", "NoSuchClass")
    assert ":NoSuchClass failed" in fault
    (fault,) = check_component("loss", gantool.Component("hinge", "Another", gantool.Options, "planted_losses:Hinge"))
    assert "is ignored, because gantool" in fault


def test_a_recipe_that_cannot_be_followed_is_reported_once_and_its_consequences_are_not():
    recipe = gantool.Recipe(loss="hnge", augment="nothing-like-it")
    place = place_of("sound")
    spec = gantool.Architecture("planted", "Something", gantool.Options, place, recipe, resolutions=(8,))
    (fault,) = check_component("architecture", spec)
    assert fault.startswith("The recipe of architecture 'planted' of planted_networks cannot be followed, for its loss")
    assert "Did you mean 'hinge'?" in fault
    spec = replace(spec, recipe=gantool.Recipe(augment="nothing-like-it"))
    (fault,) = check_component("architecture", spec)
    assert "for its augment 'nothing-like-it'" in fault
    spec = replace(spec, recipe=gantool.Recipe(batch=1))
    (fault,) = check_component("architecture", spec)
    assert fault == "the recipe of architecture 'planted': batch must be an integer of at least 2, not 1"


def test_a_check_raises_with_all_faults_in_its_text():
    with pytest.raises(Nonconforming, match=r"(?s)planted.* does not conform:.- .*recognised") as caught:
        check_loss(spec_of("loss", "HingeUpsideDown"))
    assert len(caught.value.faults) == 1
    assert isinstance(caught.value, AssertionError)
    check_augmentation(spec_of("augmentation", "Flip"))


def test_an_architecture_may_refuse_labels():
    assert check_component("architecture", spec_of("architecture", "only_unlabelled")) == []
    (fault,) = faults_of("architecture", "only_unlabelled")
    assert "none of the shapes that were tried. It draws without labels only." in fault


@pytest.mark.long
def test_shapes_can_be_chosen():
    deaf = spec_of("architecture", "deaf_to_labels", resolutions=())
    check_architecture(deaf, resolutions=(8, 12), channels=(1,), classes=(0,))
    place = r"at 12 pixels, 1 channel, 2 classes \(and 1 more\): the generator draws the same"
    with pytest.raises(Nonconforming, match=place) as caught:
        check_architecture(deaf, resolutions=(12,), channels=(1, 3), classes=(2,))
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("factory", "words"), [("Negative", "two styles give the same picture"), ("TintingMore", "set again gives another")]
)
def test_a_network_that_takes_any_style_uses_it(factory, words):
    (fault,) = faults_of("style-network", factory, traits=("any-style",))
    assert words in fault


def test_the_graph_that_torch_prints_where_it_cannot_trace_is_kept_from_the_user(capfd):
    assert faults_of("architecture", "not_for_export") == []
    assert "def forward" not in capfd.readouterr().err


@pytest.mark.parametrize("factory", ["Averaging", "Naming", "WholeNumbers"])
def test_an_extractor_of_anything_but_a_list_of_floats_has_one_fault(factory):
    assert [fault.check for fault in faults_of("extractor", factory)] == ["features_are_finite"]
