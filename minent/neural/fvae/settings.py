"""What a user of the f-VAE can choose, and the defaults, with the standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from minent.neural.images.settings import check_channels
from minent.neural.settings import TrainingSettings

MODELS = ("fvae", "glow", "vae")
TRAINING = TrainingSettings(epochs=10, batch_size=64, learning_rate=1e-3, warmup=200, schedule="cosine", clip=50.0)


@dataclass(frozen=True)
class FvaeConfig:
    """The sizes of a model.

    channels, size : of the images, which are square
    model          : fvae: encoder, decoder and flow; glow: the flow alone; vae: encoder and decoder alone
    levels         : squeezes of the encoder, the decoder and the flow; 2 to this power must divide `size`
    blocks, width  : residual blocks after a squeeze of the encoder, and in the decoder; hidden channels of one
    depth, flow_width : flow steps of a level; hidden channels of a coupling
    sigma, noise   : σ₂ and σ₁ at the start
    """

    channels: int
    size: int
    model: str = "fvae"
    levels: int = 2
    blocks: int = 2
    width: int = 32
    depth: int = 6
    flow_width: int = 48
    sigma: float = 0.1
    noise: float = 0.1

    def __post_init__(self) -> None:
        check_channels(self.channels)
        if self.model not in MODELS:
            raise ValueError(f"model={self.model}: choose {', '.join(MODELS)}")
        if self.size % 2:
            raise ValueError(f"size={self.size}: must be even; --size puts a margin about idx pictures")
        bounds = (("size", 2, 512), ("levels", 1, 6), ("blocks", 1, 64), ("depth", 1, 128))
        for name, least, most in (*bounds, ("width", 1, 4096), ("flow_width", 1, 4096)):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}={getattr(self, name)}: must be between {least} and {most}")
        if self.size % (1 << self.levels):
            raise ValueError(f"size={self.size}: {self.levels} squeezes need a multiple of {1 << self.levels}")
        for name in ("sigma", "noise"):
            if not 1e-4 <= getattr(self, name) <= 1e4:
                raise ValueError(f"{name}={getattr(self, name)}: must be between 0.0001 and 10000")


def most_levels(size: int) -> int:
    """Squeezes of an image of this size: three, as in the article, or as many as halve it evenly.

    >>> most_levels(64), most_levels(28)
    (3, 2)
    """
    return max(levels for levels in range(4) if size % (1 << levels) == 0)
