# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
# ---

# %%
# %pip install -q 'gantool[features]'

# %% [markdown]
# # 5. Mode collapse
#
# The generator is asked for pictures that are believed. It is not asked for *different* ones. If one picture is always believed,
# drawing it for every latent is a perfect answer: **mode collapse**. A discriminator that learns in time notices that this one
# picture comes too often; then the generator moves to another. A slow one never notices.
#
# ## Made on purpose
#
# Let the generator learn a hundred times faster than the discriminator:

# %%
# !gantool train --arch dcgan:width=16 --lr-g 2e-3 --lr-d 2e-5 --images 8k --name collapse

# %% [markdown]
# After 2,880 and 4,800 images the watch reports what it sees:
#
# ```
# Warning: The discriminator has classified 100% of reals and 0% of fakes correctly since 1,760 images ... it no longer tells them apart.
# Warning: Diversity is 5% of the data's and has not risen since 3,600 images: the samples hardly differ from one another ...
# ```
#
# ![Eight seeds: collapsed, and cured](../../images/course/collapse.webp)
#
# The first two rows are after 1,200 and 8,000 images. **Look along a row:** eight seeds, one picture. It does not look like a
# shape at all, yet it fools a discriminator that is too slow, which judges *every* fake to be real. The losses look peaceful:
# that of G is 0.03 to 0.13.
#
# The watch measures this without any network: it draws 64 seeds at every sheet and compares how far they are from each other with
# how far real pictures are. [Its page](../../watch.md) has all its rules and how often they are wrong.
#
# ## Cured
#
# The watch proposes a command, as a rule a lower learning rate; read it as a suggestion. Here the cause is known: the two rates
# are a hundredfold apart. The same run goes on with one rate for both:

# %%
# !gantool train --resume runs/collapse --lr 5e-4 --change --images 16k

# %% [markdown]
# The last two rows are 1,600 and 8,000 images later. Diversity rises from 5 % through 43 % (at 9,600 images) to 90 %. Nothing
# else was changed, and nothing begun anew: collapse is a state of the game, not of the weights.
#
# ## What else helps
#
# | cause | what you see | cure |
# |---|---|---|
# | D too slow or too weak | G's loss near 0, D believes fakes | a higher `--lr-d`, a lower `--lr-g`, a larger D |
# | rates too high | diversity falls after a good start, then grey or blank | a lower `--lr`: [page 6](../06-learning-rates.md) |
# | D too steep near real pictures | samples good but few kinds | `--penalty r1` with `discriminator_norm=none` |
# | each fake judged by itself | a few kinds remain | `--loss rpgan --penalty r1 --penalty r2`; in D a look at the whole batch, as `progressive`, `msg` and `stylegan2` have |
# | few real pictures | copies of them | `--augment diffaugment`: [page 9](../09-lessons.md) |
#
# In a benchmark of many short runs ([benchmarks/stability](../../../benchmarks/stability)), the DCGAN showed 1,005 of 2,041 kinds of
# shapes with the logistic loss and 1,098 with `rpgan` and both penalties, three seeds each; between seeds the former varied by
# 370 and the latter by 7.
#
# ## Exercises
#
# 1. Find the ratio of rates at which this run still learns: 50, 20, 10 to 1.
# 2. Make the other failure: `--lr 2e-2` with `discriminator_norm=none`. How do its sheets differ from those above?
# 3. Collapse on your own pictures: which picture does the generator choose? Is it near one of yours?
#
# Next: [learning rates](../06-learning-rates.md)
