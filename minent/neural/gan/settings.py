"""What a user of the GANs can choose, and what each architecture takes by default, with the standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minent.neural.images.settings import check_channels
from minent.neural.settings import TrainingSettings

ARCHITECTURES = ("dcgan", "resnet", "progressive", "biggan", "style", "introvae")
LOSSES = ("non-saturating", "hinge", "wasserstein", "least-squares")
PENALTIES = ("none", "r1", "r2", "gp", "ct", "roth")
GROWING = ("progressive", "style")
TRAINING = TrainingSettings(epochs=10, batch_size=64, clip=0.0, evaluate_every=500)

RECIPES: dict[str, dict[str, Any]] = {  # of the papers, where they differ from GanConfig's defaults
    "dcgan": {},
    "resnet": {"loss": "hinge", "spectral_norm": True, "width": 16, "beta_1": 0.0},
    "biggan": {
        **{"loss": "hinge", "spectral_norm": True, "width": 16, "beta_1": 0.0, "ema": 0.999},
        **{"lr_d": 4e-4, "lr_g": 1e-4, "orthogonal": 1e-4},
    },
    "progressive": {
        **{"loss": "wasserstein", "penalty": "gp", "width": 16, "beta_1": 0.0, "beta_2": 0.99, "ema": 0.999},
        **{"lr_d": 1e-3, "lr_g": 1e-3, "grow": 300},
    },
    "style": {
        **{"penalty": "r1", "width": 16, "beta_1": 0.0, "beta_2": 0.99, "ema": 0.999, "lr_d": 1e-3, "lr_g": 1e-3},
        **{"style_mixing": 0.9},
    },
    "introvae": {},
}
PENALTY_WEIGHTS = {"none": 0.0, "r1": 10.0, "r2": 10.0, "gp": 10.0, "ct": 10.0, "roth": 2.0}


@dataclass(frozen=True)
class GanConfig:
    """The sizes of both players, and the rules of their game.

    channels, size, classes : of the images, which are square; 0 classes: the labels are not used
    architecture, latent, width : of ARCHITECTURES; dimensions of z; channels at the largest resolution
    spectral_norm  : of every weight of the discriminator but the bottleneck's, and of the generator of biggan
    dropout        : after each stage of the discriminator
    loss, penalty, penalty_weight : of LOSSES and PENALTIES; None: the weight of the paper
    consistency, margin : λ₂ and M′ of the penalty ct
    bottleneck, bottleneck_rate : I_c in nats, 0 for none; α_β, the rate of the dual variable
    lr_d, lr_g, beta_1, beta_2, critic_steps : of Adam; steps of the discriminator for one of the generator
    ema            : decay of the average of the generator that is kept, less in the first steps; 0 for none
    orthogonal     : weight of the orthogonal regularisation of the generator
    grow           : steps of each phase of progressive growing, 0 for full size from the start
    style_mixing   : share of batches of the style generator that mix two latents
    vae_weight, intro_weight, intro_margin : β, α and m of introvae
    """

    channels: int
    size: int
    classes: int = 0
    architecture: str = "dcgan"
    latent: int = 64
    width: int = 32
    spectral_norm: bool = False
    dropout: float = 0.0
    loss: str = "non-saturating"
    penalty: str = "none"
    penalty_weight: float | None = None
    consistency: float = 2.0
    margin: float = 0.0
    bottleneck: float = 0.0
    bottleneck_rate: float = 1e-5
    lr_d: float = 2e-4
    lr_g: float = 2e-4
    beta_1: float = 0.5
    beta_2: float = 0.999
    critic_steps: int = 1
    ema: float = 0.0
    orthogonal: float = 0.0
    grow: int = 0
    style_mixing: float = 0.0
    vae_weight: float = 1.0
    intro_weight: float = 0.25
    intro_margin: float = 40.0

    def __post_init__(self) -> None:
        check_channels(self.channels)
        for name, choices in (("architecture", ARCHITECTURES), ("loss", LOSSES), ("penalty", PENALTIES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)}: choose {', '.join(choices)}")
        for name, least, most in (
            *(("size", 4, 512), ("classes", 0, 10_000), ("latent", 1, 4096), ("width", 1, 1024)),
            *(("critic_steps", 1, 100), ("grow", 0, 10**9), ("dropout", 0, 0.99), ("ema", 0, 0.999999)),
            *(("style_mixing", 0, 1), ("beta_1", 0, 0.9999), ("beta_2", 0, 0.99999), ("bottleneck", 0, 1e6)),
            *(("bottleneck_rate", 0, 1), ("orthogonal", 0, 1e3), ("consistency", 0, 1e3), ("margin", 0, 1e3)),
            *(("lr_d", 1e-9, 1), ("lr_g", 1e-9, 1), ("vae_weight", 0, 1e6), ("intro_weight", 0, 1e6)),
            ("intro_margin", 0, 1e6),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}={getattr(self, name)}: must be between {least} and {most}")
        if self.penalty_weight is not None and not 0 <= self.penalty_weight <= 1e6:
            raise ValueError(f"penalty_weight={self.penalty_weight}: must be between 0 and 1000000")
        if self.size % (1 << self.doublings):
            raise ValueError(f"size={self.size}: must be 4, 5, 6 or 7 times a power of two")
        if self.width << self.doublings > 1 << 14:
            raise ValueError(f"width={self.width}: too large for images of {self.size}")
        self._check_combination()

    def _check_combination(self) -> None:
        if self.penalty == "ct" and not self.dropout:
            raise ValueError("penalty=ct: compares two passes with dropout; give dropout=0.2")
        if self.penalty in ("ct", "gp") and self.loss != "wasserstein":
            raise ValueError(f"penalty={self.penalty}: bounds the critic of loss=wasserstein, not of {self.loss}")
        if self.penalty == "roth" and self.loss != "non-saturating":
            raise ValueError("penalty=roth: is that of loss=non-saturating (Jensen and Shannon)")
        if self.spectral_norm and self.architecture in GROWING:
            raise ValueError(f"spectral_norm: the weights of {self.architecture} are already scaled when used")
        if self.grow and self.architecture not in GROWING:
            raise ValueError(f"grow={self.grow}: only {' and '.join(GROWING)} grow")
        if self.style_mixing and self.architecture != "style":
            raise ValueError("style_mixing: only architecture=style mixes styles")
        if self.penalty == "none" and self.penalty_weight is not None:
            raise ValueError(f"penalty_weight={self.penalty_weight}: there is no penalty")
        if self.architecture == "introvae":
            if self.penalty != "none" or self.bottleneck or self.classes:
                raise ValueError("architecture=introvae: its encoder takes no penalty, no bottleneck and no classes")
            if self.loss != "non-saturating" or self.orthogonal:
                raise ValueError("architecture=introvae: has a loss of its own")

    @property
    def doublings(self) -> int:
        """Doublings of the resolution from the smallest, which is 4 to 7."""
        return (self.size // 4).bit_length() - 1

    @property
    def base(self) -> int:
        """The smallest resolution."""
        return self.size >> self.doublings

    @property
    def norm_of_discriminator(self) -> bool:
        """Whether a dcgan discriminator has batch norm: not where each image must be judged by itself."""
        return self.penalty == "none" and not self.spectral_norm and self.loss != "wasserstein"

    def widths(self) -> list[int]:
        """Channels at each resolution, the smallest resolution first."""
        return [self.width << (self.doublings - level) for level in range(self.doublings + 1)]


def configure(channels: int, size: int, architecture: str, **changes: Any) -> GanConfig:
    """The recipe of an architecture with changes; None stands for "as the recipe". ValueError: they do not fit.

    >>> configure(1, 32, "biggan", lr_d=None).lr_d
    0.0004
    """
    if architecture not in RECIPES:
        raise ValueError(f"architecture={architecture}: choose {', '.join(ARCHITECTURES)}")
    given = {name: value for name, value in changes.items() if value is not None}
    recipe = dict(RECIPES[architecture])
    if given.get("loss", recipe.get("loss")) != recipe.get("loss"):
        recipe.pop("penalty", None)  # it belongs to the loss of the recipe
    if given.get("penalty") in ("gp", "ct"):
        recipe["loss"] = "wasserstein"
    elif "penalty" in given and recipe.get("loss") == "wasserstein":
        recipe["loss"] = "non-saturating"
    if given.get("penalty") == "ct":
        recipe["dropout"] = 0.2
    return GanConfig(channels, size, architecture=architecture, **recipe | given)
