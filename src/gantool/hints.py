"""Other tools' words for what gantool has, for errors: flags, settings, commands, components, kept by their letters."""

import re
from collections.abc import Collection, Mapping

from gantool.errors import nearest

FLAGS = {
    "arch": "model model-name architecture network gan gan-type cfg type",
    "data": "dataset data-dir dataroot data-root data-path dataset-path train-dir train-data img-dir input",
    "resolution": "image-size img-size imsize load-size crop-size fine-size size res img-resolution input-size",
    "size": "image-size img-size imsize max-size resolution output-size width",
    "channels": "nc num-channels img-channels image-channels in-channels grayscale rgb",
    "labels": "cond conditional class-cond class-conditional use-labels",
    "label": "class class-idx class-id classes labels category",
    "loss": "gan-loss gan-mode adv-loss loss-type criterion",
    "penalty": "regularizer regularization reg gradient-penalty",
    "augment": "aug augmentation diffaugment diff-augment ada augpipe aug-prob aug-types data-aug",
    "batch": "batch-size bs minibatch minibatch-size batch-gpu train-batch-size",
    "lr": "learning-rate eta",
    "lr_g": "g-lr glr lr-gen generator-lr",
    "lr_d": "d-lr dlr lr-disc discriminator-lr",
    "lr_schedule": "lr-policy scheduler lr-scheduler lr-decay",
    "lr_hold": "decay-start decay-epoch lr-decay-start lr-decay-epoch n-epochs-decay niter-decay",
    "warmup": "warmup-steps lr-warmup",
    "betas": "beta1 beta2 beta b1 b2 adam-beta1 adam-beta2",
    "flip": "mirror hflip random-flip horizontal-flip xflip flips",
    "seed": "manual-seed random-seed rng",
    "seeds": "seed manual-seed random-seed seed-range",
    "n": "num num-samples n-samples num-images num-generate n-images count samples number images",
    "device": "gpu gpu-id gpu-ids cuda use-cuda use-gpu",
    "precision": "fp16 amp mixed-precision half bf16 dtype num-fp16-res",
    "updates": "update-order simultaneous alternating one-stage",
    "accumulate": "grad-accum gradient-accumulation gradient-accumulate-every accumulation-steps",
    "snapshot_every": "snap sample-every sample-interval save-samples vis-freq evaluate-every tick "
    "snapshot-ticks img-snap image-snapshot-ticks",
    "checkpoint_every": "save-every save-freq save-interval save-epoch-freq checkpoint-interval ckpt-every",
    "resume": "resume-from continue continue-train load-model ckpt checkpoint load-from",
    "init": "pretrained from-pretrained pretrained-model finetune fine-tune finetune-from init-from init-weights "
    "weights load-weights start-weights warm-start transfer resume-pkl netg",
    "log": "logger wandb tensorboard tb use-wandb use-tensorboard report-to log-to",
    "out": "outdir output output-dir out-dir outf results-dir result-dir save-dir logdir log-dir exp-dir "
    "checkpoints-dir outfile output-file save-path result output-image",
    "name": "experiment exp exp-name experiment-name run-name desc",
    "ema": "ema-kimg ema-halflife ema-decay ema-beta",
    "truncation": "truncation-psi trunc psi trunc-psi",
    "frames": "num-frames n-frames steps",
    "fps": "framerate frame-rate",
    "steps": "num-steps iterations num-iterations iters max-iter epochs",
    "grid": "sheet contact-sheet",
    "tv_weight": "tv tv-loss total-variation variation-weight smoothness lambda-tv",
    "strength": "alpha style-strength intensity",
    "content_weight": "lambda-content",
    "style_weight": "beta lambda-style",
    "start": "init init-image initialization start-image",
    "plugins_dir": "plugin-dir plugins",
}
"""Other tools' flags by the one that means the same here."""

COMPONENTS = {
    "logistic": "bce vanilla nonsaturating ns ns-logistic standard softplus",
    "minimax": "saturating",
    "lsgan": "mse ls least-squares l2",
    "wasserstein": "wgan wgan-gp wgangp w",
    "relativistic": "ragan rals rahinge relativistic-average",
    "gp": "gradient-penalty wgan-gp",
    "mlp": "fc linear vanilla simple gan",
    "dcgan": "cnn conv convolutional",
    "progressive": "progan pggan pgan progressive-gan proggan",
    "msg": "msg-gan msggan msg-progan",
    "stylegan2": "stylegan stylegan2-ada stylegan3 sg2 stylegan2-pytorch",
    "diffaugment": "diff-augment diff-aug da",
    "vgg19": "vgg",
    "adam": "adam-optimizer",
    "frechet": "fid fid50k fid50k-full frechet-distance fd",
    "kid": "kid50k mmd kernel-inception-distance",
    "precision-recall": "pr prc precision recall pr50k",
    "density-coverage": "prdc dc density coverage",
    "memorisation": "memorization copies nearest-neighbours nearest-neighbors authenticity",
    "inception": "inceptionv3 inception-v3 inception-v3-compat",
    "dinov2": "dino dino-v2 dinov2-vit-s-14",
    "clip": "clip-vit-b-32 openclip",
    "tensorboard": "tb tfevents",
    "bf16": "fp16 float16 half amp mixed",
    "float32": "fp32 full",
}
"""Other tools' names of components and values, by those here."""

COMMANDS = {
    "sample": "generate gen synthesize synth infer inference draw test generate-images predict",
    "train": "fit run start learn training resume finetune fine-tune",
    "tune": "search sweep optimize hpo",
    "interpolate": "walk lerp morph video gen-video animate latent-walk",
    "stylize": "style style-transfer transfer neural-style stylise nst",
    "data": "dataset dataset-tool prepare check inspect datasets",
    "plugins": "plugin extensions addons doctor components",
    "project": "projector invert inversion encode",
    "mix": "style-mixing stylemix",
    "import": "convert legacy load-pkl import-pkl",
    "evaluate": "eval fid metrics calc-metrics score benchmark",
    "report": "show info summary log visualize plot history ls list runs",
    "explore": "gui web webui ui serve gradio app demo browse view",
    "push": "upload publish share hub",
    "export": "onnx to-onnx export-onnx deploy",
    "compare": "diff versus",
    "directions": "closed-form-factorization sefa ganspace pca factorize",
}

WITHIN = {
    "style": {"stylize": "apply use run draw stylise transfer infer predict generate", "style train": "fit learn new"},
    "data": {"data check": "inspect info stats show list verify validate", "data shard": "pack"},
    "plugins": {"plugins uninstall": "remove rm delete", "plugins install": "add get"},
}
"""Other words for commands after the first word of one, each by the command that does it."""

_OTHERWISE = (
    (
        "arch",
        "gpus num-gpus n-gpus ngpu num-gpu nproc world-size multi-gpu multi-gpus",
        "A process trains on one GPU: torchrun --nproc-per-node N -m gantool train ... --name NAME trains on N.",
    ),
    (
        "arch",
        "epochs n-epochs num-epochs nepochs max-epoch max-epochs epoch niter num-train-epochs n-epoch",
        "Training is counted in images: E epochs of N pictures are --images E*N, such as --images 200k.",
    ),
    (
        "arch",
        "steps num-steps iterations num-iterations iters max-iter max-steps total-steps num-train-steps n-iter",
        "Training is counted in images: S steps of --batch B are --images S*B, such as --images 200k.",
    ),
    ("arch", "kimg total-kimg nimg", "Training is counted in images: a kimg of 200 is --images 200k."),
    (
        "arch",
        "workers num-workers n-workers nthreads threads n-cpu pin-memory prefetch",
        "Pictures are prepared once, into a cache, and there are no workers to set; OMP_NUM_THREADS is for torch.",
    ),
    (
        "arch",
        "nz latent latent-dim latent-size z-dim zdim noise-dim ngf ndf width network-capacity cbase cmax depth",
        "It is an option of the architecture: --arch dcgan:latent=100,width=64. 'gantool plugins show dcgan' has all.",
    ),
    (
        "arch",
        "n-critic ncritic critic-iters d-steps dis-iters n-dis",
        "It is an option of a balance: --balance fixed:d_steps=5.",
    ),
    ("arch", "gamma r1 r1-gamma r1-weight lambda-gp", "It is the weight of a penalty: --penalty r1:weight=10."),
    (
        "channels",
        "transparent transparency alpha alpha-channel rgba with-alpha use-alpha keep-alpha",
        "Transparency is a fourth channel: --channels 4.",
    ),
    ("device", "no-cuda no-gpu cpu", "Did you mean --device cpu?"),
    ("precision", "fp32 float32 full-precision no-amp nofp16 disable-amp", "Did you mean --precision float32?"),
    (
        "arch",
        "metrics metric fid eval val validation val-split val-data test-split",
        "A model is measured afterwards, against the pictures that it learned from or others: gantool evaluate RUN.",
    ),
    (
        "arch",
        "spectral-norm spectralnorm sn use-sn norm batchnorm instance-norm",
        "It is an option of the architecture: --arch dcgan:discriminator_norm=spectral.",
    ),
    (
        "loss",
        "label-smoothing smooth label-smooth one-sided-label-smoothing soft-labels label-noise flip-labels",
        "It is an option of the loss: --loss logistic:smooth=0.1, or flip=0.05 for label noise.",
    ),
    (
        "truncation",
        "network network-pkl pkl model model-path ckpt checkpoint load netg generator weights run",
        "The model is the first argument, without a flag: a run folder or a .safetensors file.",
    ),
    (
        "truncation",
        "best use-best best-checkpoint last latest",
        "The best checkpoint of a run is a model by itself: RUN/best. RUN alone is its latest model.",
    ),
    (
        "style_weight",
        "content content-image content-img content-path style style-image style-img style-path style-images input",
        "Pictures have no flag: gantool stylize CONTENT STYLE ... -o FILE.",
    ),
)
"""Words without a flag here: a flag of the command that each is about, and the remedy."""


def bare(word: str) -> str:
    """The letters and digits of a word, in lower case: `--image_size` and `imageSize` are one."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


def counterpart(word: str, known: Collection[str], others: Mapping[str, str], alike: bool = True) -> str | None:
    """The one of `known` that a word means: by its letters, as a word of others, or as the one that it begins.

    With `alike` it may also be the one that the word is most like. Several may mean the same, so the first of `others`
    that is known counts.
    """
    letters = bare(word)
    same = [name for name in known if bare(name) == letters]
    meant = [name for name, words in others.items() if name in known and letters in map(bare, words.split())]
    begun = [name for name in known if len(letters) > 2 and bare(name).startswith(letters)]
    if same or meant or len(begun) == 1:
        return (same or meant or begun)[0]
    return nearest(word.strip("-"), known) if alike else None


def elsewhere(word: str, others: Mapping[str, Collection[str]]) -> str:
    """The flags, of those with the names that each takes, with which a word makes sense; "" for none.

    Flags that take the word itself come before those that know it as another tool's name for theirs.
    """
    same = [f"{flag} {word}" for flag, names in others.items() if word in names]
    near = {flag: counterpart(word, names, COMPONENTS, alike=False) for flag, names in others.items()}
    return " or ".join(same) or " ".join(f"{flag} {name}" for flag, name in near.items() if name)


def hint(word: str, known: Mapping[str, str], alike: bool = True) -> str:
    """A hint to follow the error about a flag or setting that does not exist; "" where nothing is meant, or `alike`.

    `known` are the settings of the command by name, each as it is spelt there.
    """
    letters = bare(word)
    for flag, words, text in _OTHERWISE:
        if flag in known and letters in map(bare, words.split()):
            return f" {text}"
    name = counterpart(word, known, FLAGS, alike)
    return f" Did you mean {known[name]}?" if name else ""
