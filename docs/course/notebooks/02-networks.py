# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
# ---

# %%
# %pip install -q 'gantool[features]'

# %% [markdown]
# # 2. The two networks
#
# The discriminator is a classifier with one answer. The generator is the same network read backwards.
#
# | discriminator, picture to logit | generator, latent to picture |
# |---|---|
# | convolution: 3 colours become 16 features at each place | convolution: 16 features become 3 colours |
# | pooling: 32 pixels become 16, 8, 4 | upsampling: 4 pixels become 8, 16, 32 |
# | features double as pixels halve | features halve as pixels double |
# | fully connected: a feature vector, then one number | fully connected: from the latent to a small picture of many features |
#
# **Convolution** looks at a small patch with the same weights everywhere, so an edge is an edge wherever it is. **Pooling** keeps
# the mean of 2 x 2 places, so later layers see larger parts of the picture. After the last one the whole picture is a **feature
# vector**, from which the logit is a weighted sum. Save this as `networks.py` and run it:

# %%
import torch

import gantool

gan = gantool.build("dcgan:width=16,stem=linear,shrink=pool,features=64", gantool.ImageShape(32))


def show(layer, _, output):
    print(f"{type(layer).__name__:15} {tuple(output.shape[1:])}")


for network in (gan.generator, gan.discriminator):
    for layer in network.modules():
        if not [*layer.children()]:
            layer.register_forward_hook(show)
print("generator")
pictures = gan.generator(torch.randn(2, gan.latent_dim), None)
print("discriminator")
gan.discriminator(pictures, None)

# %% [markdown]
# | generator | | discriminator | |
# |---|---|---|---|
# | Linear | 1024 | Conv2d | 16 x 32 x 32 |
# | Unflatten | 64 x 4 x 4 | AvgPool2d | 16 x 16 x 16 |
# | Doubled, Conv2d | 32 x 8 x 8 | Conv2d, AvgPool2d | 32 x 8 x 8 |
# | Doubled, Conv2d | 16 x 16 x 16 | Conv2d, AvgPool2d | 64 x 4 x 4 |
# | Doubled | 16 x 32 x 32 | Flatten | 1024 |
# | Conv2d, Tanh | 3 x 32 x 32 | Linear, then the logit | 64, then 1 |
#
# (Normalisation and activations, which keep the shape, are left out; `Doubled` repeats each pixel.) **Read the left side downwards
# and the right side upwards:** 1024, 4 x 4, 8 x 8, 16 x 16, 32 x 32. The feature vector has 64 numbers.
#
# ## Back up: two ways
#
# To get from 4 pixels to 8, the generator can
#
# - repeat each pixel (**upsampling**) and then convolve: `dcgan:grow=upsample`, the default;
# - use a **transposed convolution**, which spreads each pixel over a patch with learnt weights: `dcgan:grow=transposed`, as in the
#   paper (Radford et al. 2015).
#
# The patches of a transposed convolution overlap, and not everywhere equally often. Every second pixel gets another sum, which
# shows as a grid: the **checkerboard** (Odena et al. 2016).

# %%
# !gantool train --arch dcgan:width=16 --images 12k --name upsample
# !gantool train --arch dcgan:width=16,grow=transposed --images 12k --name transposed

# %% [markdown]
# ![Six pictures by upsampling above six by transposed convolution](../../images/course/checkerboard.webp)
#
# Above upsampling, below transposed convolution, after 3,600 images, enlarged. **Look at the background.** Above it is soft,
# below it is a weave with a period of two pixels. The run measures this as `checkerboard`, the highest peak of the spectrum at
# that period relative to that of the data: 0.31 above and 9.6 below. At the end, after 12,000 images, it is 0.41 and 2.7:
# training learns to hide the grid, but has to spend time on it. Transposed convolution is the cheaper of the two: a step took 23
# against 28 ms of processor time.
#
# ## Exercises
#
# 1. Which layer of the discriminator has most weights? Print `sum(p.numel() for p in layer.parameters())` in `show`, then set
#    `features=16` and `features=256` and look again.
# 2. `shrink=stride` lets the convolution itself skip every second place. Train it for 12,000 images and compare the `score` that
#    both runs print at their end.
# 3. Train both ways up on photos of your own. Is the checkerboard easier to see on smooth or on busy pictures?
#
# Next: [the two training steps](../03-two-steps.md)
