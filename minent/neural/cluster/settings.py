"""What a user of the clustering VAE can choose, and the defaults, with the standard library only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from minent.neural.settings import TrainingSettings

RECIPES = ("default", "article")
NETWORKS = ("conv", "mlp")
ENCODERS = (*NETWORKS, "batchnorm")
OUTPUTS = ("sigmoid", "linear")
CHANGES_OF_PICTURES, CHANGES_OF_WORDS = ("turn", "slant", "shift", "stretch", "flip"), ("noise",)
_DEFAULT = TrainingSettings(epochs=10, batch_size=256, learning_rate=2e-3, warmup=50, schedule="cosine", clip=0.0)
TRAINING = {
    "article": TrainingSettings(epochs=50, batch_size=100, clip=0.0),  # Adam at 0.001
    "default": _DEFAULT,
    "words": replace(_DEFAULT, epochs=30),
}


@dataclass(frozen=True)
class ClusterSettings:
    """How the loss is put together.

    reconstruction : λ, the weight of ½‖x − x̂‖²
    warmup_steps   : in these the weight of the article's terms with p(y|z), and of `ownership`, rises from 0
    information    : weight of what the classes of an example and of another view of it tell of each other
    evenness       : what the entropy of the classes weighs in that; 1 is mutual information, more makes sizes alike
    finer          : weight of the same of each further classifier of the model
    ownership      : weight of −ln p(y|z) of z that is drawn from class y: what a class draws belongs to it
    nearest, nearest_share : how many of the nearest examples give views too; the share of the views that they give
    turn, slant, shift, stretch : how views are changed: degrees; shear to the side; share of a side; share of the size.
        Where nothing compares views, information and finer being 0, the examples themselves are changed
    flip           : share of the views that are mirrored, left to right
    noise          : of word vectors: standard deviation of what is added, in units of that of a number
    starts         : short trainings from other initial values, of which the one of the least loss is where it begins
    """

    reconstruction: float = 2.5
    warmup_steps: int = 0
    information: float = 0.0
    evenness: float = 1.0
    finer: float = 0.0
    ownership: float = 0.0
    nearest: int = 0
    nearest_share: float = 0.0
    turn: float = 0.0
    slant: float = 0.0
    shift: float = 0.0
    stretch: float = 0.0
    flip: float = 0.0
    noise: float = 0.0
    starts: int = 1

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < 1e6:
                raise ValueError(f"{name}={value}: must be at least 0 and below 1,000,000")
        if self.stretch >= 1:
            raise ValueError(f"stretch={self.stretch}: must be below 1")
        if not 1 <= self.starts <= 100:
            raise ValueError(f"starts={self.starts}: must be between 1 and 100")
        for name in ("nearest_share", "flip"):
            if getattr(self, name) > 1:
                raise ValueError(f"{name}={getattr(self, name)}: is a share, 1 at most")

    @property
    def changes(self) -> bool:
        """Whether examples are changed at all."""
        return any(getattr(self, name) > 0 for name in (*CHANGES_OF_PICTURES, *CHANGES_OF_WORDS))

    def augmented(self, wanted: bool) -> ClusterSettings:
        """With the changes of the default recipe, or with none."""
        names = (*CHANGES_OF_PICTURES, *CHANGES_OF_WORDS)
        of_default: dict[str, Any] = {name: getattr(DEFAULT, name) for name in names}
        none: dict[str, Any] = dict.fromkeys(names, 0.0)
        return replace(self, **of_default) if wanted else replace(self, **none)


ARTICLE = ClusterSettings()
DEFAULT = ClusterSettings(
    warmup_steps=300,
    information=100.0,
    evenness=2.0,
    finer=50.0,
    ownership=30.0,
    nearest=5,
    nearest_share=0.5,
    turn=15.0,
    slant=0.3,
    shift=0.1,
    stretch=0.2,
    noise=0.3,
)
WORDS = replace(DEFAULT, evenness=1.0)  # classes of words are of many sizes
RECIPE = {"article": ARTICLE, "default": DEFAULT, "words": WORDS}
