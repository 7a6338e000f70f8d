"""Print the most frequent words of a lexicon by their length: python scripts/show_words.py lexicon.tsv"""

from __future__ import annotations

import sys
from itertools import islice

from minent import load_lexicon

WORDS_A_LINE = 20

lexicon = load_lexicon(sys.argv[1])
for lengths in ((2,), (3,), range(4, 100)):
    words = (word for word in lexicon if len(word) in lengths and not word.isascii())
    print("  " + " ".join(islice(words, WORDS_A_LINE)))
