"""What a user of the clustering VAE can choose, and the defaults, with the standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from minent.neural.settings import TrainingSettings

RECIPES = ("default", "article")
NETWORKS = ("conv", "mlp")
OUTPUTS = ("sigmoid", "linear")
TRAINING = {
    "article": TrainingSettings(epochs=50, batch_size=100, clip=0.0),  # Adam at 0.001
    "default": TrainingSettings(epochs=20, batch_size=256, schedule="cosine", clip=0.0),
}


@dataclass(frozen=True)
class ClusterSettings:
    """How the loss is put together.

    reconstruction : λ, the weight of ½‖x − x̂‖²
    warmup_steps   : in these the weight of the terms with p(y|z) rises from 0
    consistency    : weight of the cross-entropy from p(y|x) to p(y| x changed a little); 0: nothing is changed
    balance        : weight of ln K − H(mean of p(y|x) over the batch): every class is to be used
    sharpness      : weight of the mean of H(p(y|x)): each picture is to have one class
    turn, slant, shift, stretch : how much is changed: degrees; shear to the side; share of a side; share of the size
    noise          : of word vectors: standard deviation of what is added, in units of that of a number
    """

    reconstruction: float = 2.5
    warmup_steps: int = 0
    consistency: float = 0.0
    balance: float = 0.0
    sharpness: float = 0.0
    turn: float = 0.0
    slant: float = 0.0
    shift: float = 0.0
    stretch: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < 1e6:
                raise ValueError(f"{name}={value}: must be at least 0 and below 1,000,000")
        if self.stretch >= 1:
            raise ValueError(f"stretch={self.stretch}: must be below 1")


ARTICLE = ClusterSettings()
DEFAULT = ClusterSettings(
    warmup_steps=200, consistency=100.0, balance=100.0, sharpness=10.0, turn=10.0, shift=0.1, stretch=0.15, noise=0.3
)
RECIPE = {"article": ARTICLE, "default": DEFAULT}
