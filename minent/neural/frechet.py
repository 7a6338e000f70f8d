"""Fréchet distance of two sets of features: how far generated pictures are from real ones, as a judge sees them.

Source: arXiv 1706.08500, (6): ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½), of the normal distributions with the means and
covariances of both sets. The features here are those of a small classifier, so distances compare with each
other under one judge only, and never with those of Inception.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def frechet_distance(first: ArrayLike, second: ArrayLike) -> float:
    """Of features (n, d) and (m, d). ValueError: less than two of one, or another d.

    >>> round(frechet_distance([[0.0], [2.0]], [[3.0], [5.0]]), 6)     # equal variances: (1 − 4)²
    9.0
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 2 or two.ndim != 2 or one.shape[1] != two.shape[1] or min(len(one), len(two)) < 2:
        raise ValueError(
            f"features of the shapes {one.shape} and {two.shape}: needed are two rows or more of one width"
        )
    difference = one.mean(axis=0) - two.mean(axis=0)
    covariances = [np.atleast_2d(np.cov(each, rowvar=False)) for each in (one, two)]
    root = _square_root(covariances[0])
    product = np.linalg.eigvalsh(root @ covariances[1] @ root)  # the eigenvalues of C₁C₂, but of a symmetric matrix
    traces = np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.sqrt(product.clip(min=0)).sum()
    return float(max(0.0, difference @ difference + traces))


def _square_root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    root: NDArray[np.float64] = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    return root
