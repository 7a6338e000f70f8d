"""How fast are `templates` and `parse`, does their time grow with the text, and what can nlp-zero do in a minute?

Whole processes with warm kernels and one worker, the built-in lexicon; parsing in process. `-g FILE` names a grammar
for the parser; without it one is trained on the news. With `--quick`, small parts of the texts, and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from measure import MINENT, median_run, report, run_process, table

import data
from minent import Segmenter
from minent.grammar import load_grammar
from minent.grammar.marks import Kind, token_kind
from minent.lexicon import builtin_lexicon
from minent.parsing import Parser
from minent.parsing.blocks import lay_out
from minent.templates import TemplateFinder, TemplateSettings, load_templates

TEXTS = ("questions.txt", "laws.txt")
NEWS = ("people_daily_199801.txt", "msra_news.txt")
PARTS = (8, 4, 2, 1)
PEER_SECONDS = 60
PEER_START = {"questions.txt": 1000, "laws.txt": 25}  # lines that the peer is given first; twice as many each time
ARTICLE = TemplateSettings(min_prob=1e-5, min_pmi=2.0, max_paths=None, fillers=0)  # what nlp-zero does
BETWEEN_SIGNS = re.compile("[^\u4e00-\u9fa50-9a-zA-Z]+")  # where nlp-zero cuts sentences
CLAUSE = 40  # words

NLP_ZERO = """
import collections, collections.abc, json, sys, time
collections.Iterable = collections.abc.Iterable
from nlp_zero import Template_Finder
words = json.load(open(sys.argv[1], encoding="utf-8"))
finder = Template_Finder(lambda text: words[text].split())
lines = open(sys.argv[2], encoding="utf-8").read().split("\\n")
began = time.perf_counter()
finder.train(lines)
finder.find(lines, remove_weak_grams=False)
print(json.dumps([time.perf_counter() - began, len(finder.templates)]))
"""


def part(path: Path, share: int, folder: Path) -> Path:
    """The first lines of a file, one `share`-th of its bytes."""
    if share == 1:
        return path
    content = path.read_bytes()[: path.stat().st_size // share]
    target = folder / f"{path.stem}.{share}.txt"
    target.write_bytes(content[: content.rfind(b"\n") + 1])
    return target


def bench_growth(folder: Path, parts: Sequence[int]) -> tuple[str, dict[str, object]]:
    rows, figures = [], {}
    for name in TEXTS:
        for share in parts:
            path = part(data.text(name), share, folder)
            run = median_run([*MINENT, "templates", "-j", "1", "-q", "-o", str(folder / f"{name}.tsv"), str(path)])
            size = path.stat().st_size / 1e6
            fraction = "all" if share == 1 else f"1/{share}"
            per_mb = f"{1000 * run.seconds / size:.0f}"
            rows.append([name, fraction, f"{size:.1f}", f"{run.seconds:.2f}", per_mb, f"{run.peak_mb:.0f}"])
            figures[f"{name} {fraction}"] = {"mb": size, "seconds": run.seconds, "peak_mb": run.peak_mb}
    return table(["text", "part", "MB", "seconds", "ms/MB", "peak MB"], rows), figures


def bench_peer(folder: Path, segmenter: Segmenter, seconds: float) -> tuple[str, dict[str, object]]:
    """nlp-zero and minent in process, with the same sentences and words: as many lines as the peer does in the time."""
    rows, figures = [], {}
    for name in TEXTS:
        lines = data.text(name).read_text(encoding="utf-8").split("\n")
        count, found = PEER_START[name], None
        while count <= 2 * len(lines):
            some = lines[:count]
            words = {
                sentence: " ".join(segmenter.cut(sentence))
                for line in some
                for sentence in BETWEEN_SIGNS.split(line)
                if sentence
            }
            (folder / "words.json").write_text(json.dumps(words), encoding="utf-8")
            (folder / "lines.txt").write_text("\n".join(some), encoding="utf-8")
            command = [sys.executable, "-c", NLP_ZERO, str(folder / "words.json"), str(folder / "lines.txt")]
            try:
                run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 5)
            except subprocess.TimeoutExpired:
                break
            theirs, templates = json.loads(run.stdout.strip().split("\n")[-1])
            if theirs > seconds:
                break
            sentences = [words[s] for line in some for s in BETWEEN_SIGNS.split(line) if s]
            found = (len(some), theirs, templates, *_own_seconds(sentences))
            count *= 2
        if found is None:
            rows.append([name, f"not {count:,} lines in {seconds:.0f} s", "", "", "", ""])
            continue
        number, theirs, templates, ours, own = found
        ratio = f"**{theirs / ours:.0f} ×**"
        rows.append([name, f"{number:,}", f"{theirs:.1f}", f"{ours:.2f}", ratio, f"{templates:,} / {own:,}"])
        figures[name] = {"lines": number, "nlp_zero_s": theirs, "minent_s": ours, "templates": [templates, own]}
    head = ["text", "lines", "nlp-zero, s", "minent, s", "ratio", "templates"]
    return table(head, rows), figures


def _own_seconds(sentences: Sequence[str]) -> tuple[float, int]:
    """Median time of three runs over sentences with spaces between words, and the number of templates."""
    found = []
    for _ in range(3):
        finder = TemplateFinder(sentences, None, ARTICLE, pretokenized=True)
        began = time.perf_counter()
        templates = finder.find()
        found.append(time.perf_counter() - began)
    return sorted(found)[1], len(templates)


def trained_grammar(folder: Path) -> Path:
    """A grammar learned from the news, cut by the built-in lexicon."""
    path = folder / "grammar.npz"
    texts = [str(data.text(name)) for name in NEWS]
    run_process([*MINENT, "grammar", "-j", "1", "-q", "-o", str(path), *texts])
    return path


def seconds_of(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bench_parse(grammar: Path, templates: Path, segmenter: Segmenter, lines: int) -> tuple[str, dict[str, float]]:
    """Clauses a second, the worst clause of 40 words, a line of 10,000 words, by each score."""
    rows, figures = [], {}
    parsers = {
        "default": Parser(load_grammar(grammar), segmenter),
        "article": Parser(load_templates(templates), segmenter),
    }

    def tokens_of(name: str) -> list[list[str]]:
        return [parsers["default"].tokens(line) for line in data.text(name).read_text("utf-8").split("\n")[:lines]]

    news, asked = tokens_of(NEWS[1]), tokens_of(TEXTS[0])
    words = [word for tokens in news for word in tokens if token_kind(word) == Kind.WORD]
    clauses = [words[at : at + CLAUSE] for at in range(0, min(len(words) - CLAUSE, 200 * CLAUSE), CLAUSE)]
    long = (words * (10_000 // len(words) + 1))[:10_000]
    for score, parser in parsers.items():
        parser.parse(clauses[0])  # kernels are loaded here
        for kind, texts in (("news", news), ("questions", asked)):
            found = sum(len(lay_out(tokens).blocks) for tokens in texts)
            rate = found / seconds_of(lambda parser=parser, texts=texts: [parser.parse(t) for t in texts])
            rows.append([score, f"clauses of {kind} a second", f"{rate:,.0f}"])
            figures[f"{score} {kind} clauses/s"] = rate
        each = [seconds_of(lambda parser=parser, c=c: parser.parse(c)) for c in clauses]
        whole = seconds_of(lambda parser=parser: parser.parse(long))
        rows.append([score, f"worst of {len(clauses)} clauses of {CLAUSE} words, ms", f"{1000 * max(each):.1f}"])
        rows.append([score, "a line of 10,000 words, s", f"{whole:.2f}"])
        figures[f"{score} worst ms"] = 1000 * max(each)
        figures[f"{score} long line s"] = whole
    return table(["score", "in process, one worker, cut into words before", ""], rows), figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-g", "--grammar", type=Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    segmenter = Segmenter(builtin_lexicon())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        growth, growth_figures = bench_growth(folder, (64, 32) if options.quick else PARTS)
        peer, peer_figures = bench_peer(folder, segmenter, 3 if options.quick else PEER_SECONDS)
        grammar = options.grammar or trained_grammar(folder)
        parse, parse_figures = bench_parse(
            grammar, folder / f"{TEXTS[0]}.tsv", segmenter, 300 if options.quick else 3000
        )
    body = (
        f"### `minent templates`, whole process, warm, one worker\n\n{growth}\n\n"
        f"### nlp-zero 0.1.6, Template_Finder: what it does in {PEER_SECONDS} s\n\nThe same sentences and words, the "
        f"article's thresholds, in process, without cutting into words.\n\n{peer}\n\n### `minent parse`\n\n{parse}"
    )
    figures = {"growth": growth_figures, "nlp_zero": peer_figures, "parse": parse_figures}
    if options.quick:
        print(body)
    else:
        report("templates", "Templates and parsing", body, figures)


if __name__ == "__main__":
    main()
