"""A cutter that starts at once: plain Python for the first bytes, the kernels when there is more to do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from minent.segmentation.cuts import BEST, Bytes, CutBytes, Sampling
from minent.segmentation.readable import ReadableCutter
from minent.segmentation.segmenter import Segmenter

if TYPE_CHECKING:
    from minent.segmentation.cutter import Cutter

SHORT = 1 << 14  # bytes; plain Python cuts them in half the time that it takes to load the kernels


class QuickCutter:
    """Gives the bytes that the segmenter's own cutter gives, whichever of the two does the work.

    A model of unknown words always needs the kernels.
    before_kernels : called once, when the kernels are about to be loaded
    """

    def __init__(self, segmenter: Segmenter, before_kernels: Callable[[], object] = lambda: None) -> None:
        self.segmenter = segmenter
        self.before_kernels = before_kernels
        self._lock = threading.Lock()
        self._readable: ReadableCutter | None = None
        self._cutter: Cutter | None = None
        self._seen = 0

    def cut(self, data: Bytes, separator: bytes, *, space_before: bool = True, sampling: Sampling = BEST) -> CutBytes:
        """See AnyCutter."""
        with self._lock:
            self._seen += len(data)
            long = self._seen > SHORT or sampling.alpha >= 0 or self.segmenter.model is not None
            if self._cutter is None and long:
                self.before_kernels()
                self._cutter, self._readable = self.segmenter.cutter, None
            cutter = self._cutter
            if cutter is None:
                if self._readable is None:
                    segmenter = self.segmenter
                    self._readable = ReadableCutter(segmenter.lexicon, segmenter.units, segmenter.protect)
                return self._readable.cut(data, separator, space_before=space_before)
        return cutter.cut(data, separator, space_before=space_before, sampling=sampling)
