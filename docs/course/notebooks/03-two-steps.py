# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
# ---

# %%
# %pip install -q 'gantool[features]'

# %% [markdown]
# # 3. The two training steps
#
# One batch of training is two steps. In the first the discriminator learns, in the second the generator. Here is all of it; save it
# as `loop.py`. Networks, loss and pictures are gantool's, the loop is yours:

# %%
import torch
from torchvision.utils import save_image

import gantool
from gantool.pixels import to_float

IMAGES = 8_000
FROZEN = True
torch.manual_seed(0)  # the same latents in every run
trainer = gantool.trainer(gantool.configure(arch="dcgan:width=16", device="cpu"))
gan, loss, batches = trainer.game.gan, trainer.game.loss, trainer.batches
G, D = gan.generator, gan.discriminator
second = [*G.parameters()] if FROZEN else [*G.parameters(), *D.parameters()]
optimizer_d = torch.optim.Adam(D.parameters(), lr=5e-4, betas=(0.5, 0.999))
optimizer_g = torch.optim.Adam(second, lr=5e-4, betas=(0.5, 0.999))

for seen in range(0, IMAGES, 16):
    pictures, _ = batches.take(seen, 16)
    real = gan.view(to_float(pictures))
    # 1: D learns to tell real from fake; G only draws
    with torch.no_grad():
        fake = G(torch.randn(16, gan.latent_dim), None)
    loss_d = loss.discriminator(D(real, None), D(fake, None)).mean()
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()
    # 2: G learns to be taken for real; D only judges
    D.requires_grad_(not FROZEN)
    fake = G(torch.randn(16, gan.latent_dim), None)
    logits = D(fake, None)
    loss_g = loss.generator(None, logits).mean()
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    D.requires_grad_(True)
    if seen % 1600 == 0:
        print(
            f"{seen:5} images  loss D {loss_d:.2f}  loss G {loss_g:.2f}  fakes judged real {logits.sigmoid().mean():.0%}"
        )
save_image(fake[-1] / 2 + 0.5, "loop.png", nrow=8)

# %% [markdown]
# (`gantool.trainer` also makes the folder of a run, as `gantool train` does; since nothing is trained by gantool here, it may be removed.)
#
# **In the first step** the generator only draws. `no_grad` says that nothing of it is learnt here, which also saves the memory for
# its gradients.
#
# **In the second step** the gradient has to pass *through* the discriminator to reach the generator: it says which pixels to
# change so that the logit rises. But the discriminator itself must not move. It is asked for its opinion on fakes, with the
# target "real": if it could learn from this, it would learn to call fakes real. That is the easiest way to a low loss, and the
# generator would have no reason to draw better.
#
# Set `FROZEN = False` and the second step learns with both networks:
#
# | images | D frozen: loss D, loss G, fakes judged real | D learns too: loss D, loss G, fakes judged real |
# |---|---|---|
# | 1,600 | 0.43, 3.17, 5 % | 2.05, 0.32, 73 % |
# | 3,200 | 0.56, 3.46, 5 % | 1.87, 0.29, 75 % |
# | 6,400 | 0.24, 2.46, 12 % | 1.89, 0.29, 75 % |
#
# ![Sixteen pictures with D frozen, above sixteen with D learning](../../images/course/frozen.webp)
#
# Above frozen, below not, after 8,000 images. **Look at the losses first:** without freezing the loss of G is low, and looks like
# success. The discriminator believes three of four fakes. The pictures show that it only became gullible.
#
# An optimizer that holds the generator's weights alone would do as well. Freezing then still saves work: gradients for the
# discriminator's weights need not be computed. Here that was 6 % of the second step (12.0 against 12.8 ms of processor time,
# median of 8 rounds).
#
# gantool's own steps stand side by side in [step.py](../../../src/gantool/engine/step.py): `discriminator_step`, `generator_step`,
# and `_at_rest`, which freezes. What they add to the loop above are penalties, augmentation, bfloat16, many processes and a
# moving average of the generator.
#
# ## Exercises
#
# 1. Swap the two steps. Does it matter who begins?
# 2. Take two steps of D for each of G, then two of G for each of D. Watch how many fakes are judged real.
# 3. Add `data="photos", resolution=32` to `configure` and run the loop on your own pictures.
#
# Next: [losses that do not fall](../04-losses.md)
