"""What a user of the VAE can choose, and the defaults, with the standard library only."""

from __future__ import annotations

from minent.neural.settings import TrainingSettings

OBJECTIVES = ("elbo", "elbo-sampled", "iwae", "prior")
NETWORKS = ("mlp", "conv")
LIKELIHOODS = ("bernoulli", "gaussian")
PICTURES = ("samples", "reconstructions", "interpolations", "grid")
BOUNDS = (1, 50, 5000)  # samples of the bounds that are reported
HELD_OUT = 0.02  # share of the pictures by which the best weights are chosen
MOST_HELD_OUT = 1000
TRAINING = TrainingSettings(epochs=20, batch_size=100, clip=0.0)
