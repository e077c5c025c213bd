"""Metrics, sound ones and with one fault each."""

import torch

import gantool


class Spread:
    """The mean deviation of pixels; not derived, as authors may write it."""

    uses = "images"
    better = {"spread": "near"}

    def __init__(self, options):
        pass

    def __call__(self, reals, samples):
        return {"spread": float(samples.images.double().std() / (reals.images.double().std() + 1))}


class Centre(gantool.Metric):
    better = {"centre": "lower"}

    def __init__(self, options):
        pass

    def __call__(self, reals, samples):
        means = [each.features.double().mean(dim=0) for each in (reals, samples)]
        return {"centre": float((means[0] - means[1]).norm())}


class CentreTensor(Centre):
    def __call__(self, reals, samples):
        return {"centre": torch.tensor(super().__call__(reals, samples)["centre"])}


class CentreErrorAlone(Centre):
    def __call__(self, reals, samples):
        return {**super().__call__(reals, samples), "middle_error": 0.1}


class CentreByNumber(Centre):
    def __call__(self, reals, samples):
        found = super().__call__(reals, samples)["centre"]
        return {"centre": found, f"centre_{'far' if found > 5 else 'near'}": found}


class CentreMisnamed(Centre):
    better = {"center": "lower"}


class CentreUpsideDown(Centre):
    better = {"centre": "higher"}


class CentreDice(Centre):
    def __call__(self, reals, samples):
        return {"centre": super().__call__(reals, samples)["centre"] + float(torch.rand(1))}


class CentreSeeding(Centre):
    def __call__(self, reals, samples):
        torch.manual_seed(0)
        return super().__call__(reals, samples)


class CentreInPlace(Centre):
    def __call__(self, reals, samples):
        samples.features.sub_(1)
        return super().__call__(reals, samples)


class CentreByRow(Centre):
    def __call__(self, reals, samples):
        apart = reals.features.double()[: len(samples)] - samples.features.double()[: len(reals)]
        return {"centre": float(apart.norm(dim=1).mean())}


class CentreOfDeviations(Centre):
    def __call__(self, reals, samples):
        return {"centre": float(super().__call__(reals, samples)["centre"] / reals.features.std(dim=0).norm())}


class CentreRefusing(Centre):
    def __call__(self, reals, samples):
        if len(samples) < 20:
            raise ValueError("too few")
        return super().__call__(reals, samples)


class CentreTalkative(Centre):
    def read(self, values, reference):
        return f"centre {values['centre']:.2f}\nreference {reference['centre']:.2f}"


class CentreUntitled(Centre):
    def title(self, name, extractor, n):
        return ""


class CentreOfManyPairs(Centre):
    def pairs(self, reals, samples):
        return [(row, row, 0.1) for row in range(len(samples))]


class CentreOfFarPairs(Centre):
    def pairs(self, reals, samples):
        return [(0, 1, 3.0), (1, 0, 2.0)]


class CentreOfOtherRows(Centre):
    def pairs(self, reals, samples):
        return [(len(reals), 0, 1.0)]
