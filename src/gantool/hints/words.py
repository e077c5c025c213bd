"""Other tools' words for what gantool has: flags, settings, commands, components."""

TRANSLATION = (
    "gantool draws from noise, and turns no pictures into others as they do; 'gantool stylize' redraws a photo in the "
    "style of paintings, and 'gantool style train' makes a network that does so at once."
)

FLAGS = {
    "arch": "model model-name architecture network gan gan-type cfg type",
    "data": "dataset data-dir dataroot data-root data-path dataset-path train-dir train-data img-dir input",
    "resolution": "image-size img-size imsize load-size crop-size fine-size size res img-resolution input-size",
    "size": "image-size img-size imsize max-size resolution output-size width",
    "channels": "nc num-channels img-channels image-channels in-channels input-nc output-nc grayscale "
    "greyscale gray grey rgb",
    "labels": "cond conditional class-cond class-conditional use-labels",
    "label": "class class-idx class-id classes labels category",
    "loss": "gan-loss gan-mode adv-loss loss-type criterion",
    "penalty": "regularizer regularization reg gradient-penalty",
    "augment": "aug augmentation diffaugment diff-augment ada augpipe aug-prob data-aug",
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
    "n": "num num-samples n-samples num-images num-generate n-images count samples number images num-test",
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
    "log": "logger wandb tensorboard tb use-wandb use-tensorboard report-to log-to callback callbacks",
    "out": "outdir output output-dir out-dir outf results-dir result-dir save-dir logdir log-dir exp-dir "
    "checkpoints-dir save-model-dir checkpoint-model-dir outfile output-file save-path result output-image",
    "name": "experiment exp exp-name experiment-name run-name desc",
    "ema": "ema-kimg ema-halflife ema-decay ema-beta ema-rampup",
    "truncation": "truncation-psi trunc psi trunc-psi",
    "frames": "num-frames n-frames steps",
    "fps": "framerate frame-rate",
    "steps": "num-steps iterations num-iterations iters max-iter epochs",
    "grid": "sheet contact-sheet",
    "tv_weight": "tv tv-loss total-variation variation-weight smoothness lambda-tv",
    "strength": "alpha style-strength intensity",
    "content_weight": "lambda-content",
    "style_weight": "beta lambda-style",
    "fast": "model model-path network style-model",
    "extractor": "model-file backbone feature-extractor",
    "preserve_color": "original-colors original-colours preserve-colors keep-colors",
    "start": "init init-image initialization start-image",
    "plugins_dir": "plugin-dir plugins",
}
"""Other tools' flags by the one that means the same here."""

COMPONENTS = {
    "logistic": "bce bce-logits bcewithlogits bcewithlogitsloss binary-crossentropy cross-entropy vanilla gan nsgan "
    "nonsaturating ns ns-logistic standard softplus",
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
    "diffaugment": "diff-augment diff-aug da color translation cutout",
    "ada": "blit geom bg bgc bgcf bgcfn bgcfnc",
    "vgg19": "vgg",
    "none": "noaug off no false disable disabled without",
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
    "bf16": "fp16 float16 half amp mixed mixed-float16 mixed-bfloat16 16-mixed bf16-mixed bfloat16",
    "float32": "fp32 full",
    "linear": "linear-decay polynomial poly",
    "cosine": "cos cosine-decay cosine-annealing cosineannealinglr",
    "jsonl": "json csv",
    "fastgan": "lightweight-gan light-gan",
    "projected": "projected-gan stylegan-xl",
}
"""Other tools' names of components and values, by those here."""

COMMANDS = {
    "sample": "generate gen gen-images synthesize synth infer inference draw test generate-images predict",
    "train": "fit fit-one-cycle fit-generator run start learn training resume finetune fine-tune",
    "tune": "search sweep optimize hpo lr-find lr-finder find-lr",
    "interpolate": "walk lerp morph video gen-video animate latent-walk",
    "stylize": "style style-transfer transfer neural-style stylise nst",
    "data": "dataset dataset-tool prepare check inspect datasets",
    "plugins": "plugin extensions addons doctor components",
    "project": "projector invert inversion encode",
    "mix": "style-mixing stylemix",
    "import": "convert legacy load-pkl import-pkl",
    "evaluate": "eval fid fid-score pytorch-fid clean-fid torch-fidelity metrics calc-metrics score benchmark",
    "report": "show info summary log visualize plot history ls list runs",
    "explore": "gui web webui ui serve gradio app demo browse view visualizer",
    "push": "upload publish share hub",
    "export": "onnx to-onnx export-onnx deploy",
    "compare": "diff versus",
    "directions": "closed-form-factorization sefa ganspace pca factorize",
}

WITHIN = {
    "style": {
        "stylize": "apply use run draw stylise transfer infer predict generate eval test transform",
        "style train": "fit learn new",
    },
    "data": {"data check": "inspect info stats show list verify validate", "data shard": "pack convert prepare"},
    "plugins": {"plugins uninstall": "remove rm delete", "plugins install": "add get"},
}
"""Other words for commands after the first word of one, each by the command that does it."""

OTHERWISE = (
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
        "steps num-steps iterations num-iterations iters max-iter max-steps total-steps num-train-steps n-iter "
        "steps-per-epoch",
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
        "nz latent latent-dim latent-size z-dim zdim noise-dim ngf ndf width network-capacity cbase cmax depth "
        "fmap-max attn-layers attn-res-layers map-depth n-layers num-layers",
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
    (
        "arch",
        "target ada-target p aug-p ada-kimg aug-types",
        "It is an option of an augmentation, as in --augment ada:target=0.6, ada:p=0.2,fixed=yes or "
        "diffaugment:policy=color+translation.",
    ),
    (
        "arch",
        "direction lambda-a lambda-b lambda-identity lambda-l1 pool-size dataset-mode netd",
        f"It is of pix2pix and CycleGAN. {TRANSLATION}",
    ),
    (
        "arch",
        "init-type init-gain weight-init",
        "Each architecture draws its own first weights; --init MODEL begins with those of a trained one.",
    ),
    (
        "resume",
        "new from-scratch restart",
        "A run begins anew unless --resume, or --name of a run that exists, goes on with one.",
    ),
    ("arch", "generate sample test", "Pictures are drawn afterwards: gantool sample RUN."),
    (
        "flip",
        "preprocess crop center-crop resize transform transforms fit",
        "How a picture becomes square is an option of the source: --data photos/:fit=crop, pad or stretch.",
    ),
    ("device", "gpus num-gpus n-gpus ngpu num-gpu", "This command uses one device: --device cuda:1 is the second GPU."),
    (
        "loop",
        "num-keyframes keyframes w-frames-per-seed",
        "The key frames are the seeds: --seeds 1,5,9 walks through three.",
    ),
    ("loop", "interp interpolation slerp lerp", "Did you mean --method?"),
    ("device", "no-cuda no-gpu cpu", "Did you mean --device cpu?"),
    ("precision", "fp32 float32 full-precision no-amp nofp16 disable-amp", "Did you mean --precision float32?"),
    (
        "arch",
        "metrics metric fid eval val validation val-split val-data test-split validation-split validation-data "
        "calculate-fid-every calculate-fid-num-images",
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
        "stability",
        "style style-image style-img style-path style-images",
        "Paintings have no flag: gantool style train PAINTING ... --data photos -o FILE.",
    ),
    (
        "stability",
        "epochs n-epochs num-epochs iterations num-iterations steps",
        "Training is counted in images, as in --images 40k, or in --minutes.",
    ),
    (
        "style_weight",
        "content content-image content-img content-path style style-image style-img style-path style-images input",
        "Pictures have no flag: gantool stylize CONTENT STYLE ... -o FILE.",
    ),
)
"""Words without a flag here: a flag of the command that each is about, and the remedy."""
