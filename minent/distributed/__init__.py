"""Passes over a corpus on a cluster: the same kernels in tasks, sums by key between them, thresholds where sums are."""
