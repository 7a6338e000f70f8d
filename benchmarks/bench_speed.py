"""How fast are `build-lexicon` (both recipes) and `segment`, beside the tools that people use today?

Whole processes with warm kernels, and the marginal rate: the time for a file four times over minus that for it once,
over the text between. Peers are timed inside their process, on the same text, without their start.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from measure import MINENT, Run, median_run, python_run, report, run_process, table

import data

MB = 1e6

NLP_ZERO = """
import collections, collections.abc, json, logging, sys, time
collections.Iterable = collections.abc.Iterable
logging.disable(logging.CRITICAL)
import nlp_zero
lines = open(sys.argv[1], encoding="utf-8").read().split("\\n")
began = time.perf_counter()
finder = nlp_zero.Word_Finder(min_proba=5e-6, min_pmi=2)
finder.train(lines)
finder.find(lines)
print(json.dumps(time.perf_counter() - began))
"""

SENTENCEPIECE = """
import json, sys, time
import sentencepiece
began = time.perf_counter()
sentencepiece.SentencePieceTrainer.train(
    input=sys.argv[1], model_prefix=sys.argv[2], vocab_size=20000, model_type="unigram", num_threads=1,
    character_coverage=0.9995, minloglevel=2,
)
print(json.dumps(time.perf_counter() - began))
"""

RJIEBA = """
import json, sys, time
import rjieba
lines = open(sys.argv[1], encoding="utf-8").read().split("\\n")
rjieba.cut("热身", hmm=False)
began = time.perf_counter()
for line in lines:
    rjieba.cut(line, hmm=False)
print(json.dumps(time.perf_counter() - began))
"""

JIEBA = """
import json, logging, sys, time
import jieba
jieba.setLogLevel(logging.CRITICAL)
jieba.initialize()
lines = open(sys.argv[1], encoding="utf-8").read().split("\\n")
began = time.perf_counter()
for line in lines:
    jieba.lcut(line, HMM=False)
print(json.dumps(time.perf_counter() - began))
"""

SWEEPS = """
import json, statistics, sys, time
from minent.recipes.default import sweep
import minent.recipes.default as recipe
from minent import build_lexicon
seconds = []
def timed(*arguments):
    began = time.perf_counter()
    found = sweep.sweep_sample(*arguments)
    seconds.append(time.perf_counter() - began)
    return found
recipe.sweep_sample = timed
build_lexicon([sys.argv[1]], jobs=int(sys.argv[2]))
print(json.dumps(statistics.median(seconds[1:10])))
"""


def seconds_inside(code: str, *arguments: str) -> tuple[float, float]:
    """Seconds that a peer's code prints, and its peak memory in MB."""
    run = python_run(code, *arguments)
    return float(json.loads(run.output.strip().split("\n")[-1])), run.peak_mb


def excerpt(path: Path, size: int) -> Path:
    """The first lines of a file, `size` bytes of them."""
    target = data.SCRATCH / f"{path.stem}.{size}.txt"
    content = path.read_bytes()[:size]
    target.write_bytes(content[: content.rfind(b"\n") + 1])
    return target


def cold_seconds(command: list[str]) -> float:
    """Wall seconds of the first run on a machine, which compiles."""
    with tempfile.TemporaryDirectory() as folder:
        return run_process(command, MINENT_CACHE_DIR=folder).seconds


def bench_lexicon(folder: Path) -> tuple[str, dict[str, object]]:
    laws = data.text("laws.txt")
    size = laws.stat().st_size / MB
    command = [*MINENT, "build-lexicon", "--recipe", "plain", "-j", "1", "-q", "-o", str(folder / "lexicon.tsv")]
    once = median_run([*command, str(laws)])
    fourfold = median_run([*command, str(data.repeated(laws, 4))])
    rate = 3 * size / (fourfold.seconds - once.seconds)
    cold = cold_seconds([*command, str(laws)])
    part = excerpt(laws, 8_000_000)
    zero, zero_mb = seconds_inside(NLP_ZERO, str(part))
    zero_rate = part.stat().st_size / MB / zero
    rows: list[list[object]] = [
        ["minent, whole process, warm", f"{once.seconds:.2f}", f"{size / once.seconds:.1f}", f"{once.peak_mb:.0f}"],
        [
            "minent, marginal (4 × minus 1 ×)",
            f"{fourfold.seconds - once.seconds:.2f} for 3 ×",
            f"**{rate:.1f}**",
            f"{fourfold.peak_mb:.0f}",
        ],
        ["minent, first run on a machine (compiles)", f"{cold:.1f}", "", ""],
        ["nlp-zero 0.1.6, in process, first 8 MB", f"{zero:.2f}", f"{zero_rate:.2f}", f"{zero_mb:.0f}"],
    ]
    figures: dict[str, object] = {
        "whole_s": once.seconds,
        "peak_mb": once.peak_mb,
        "marginal_mb_s": rate,
        "cold_s": cold,
        "nlp_zero_mb_s": zero_rate,
        "ratio_nlp_zero": rate / zero_rate,
    }
    piece, piece_mb = seconds_inside(SENTENCEPIECE, str(laws), str(folder / "piece"))
    rows.append(
        ["SentencePiece unigram, 20k pieces, one thread", f"{piece:.1f}", f"{size / piece:.2f}", f"{piece_mb:.0f}"]
    )
    figures["sentencepiece_mb_s"] = size / piece
    if shutil.which("count_ngrams"):
        run = run_process(["sh", "-c", f"count_ngrams -o 2 -T {folder} < {laws} > {folder}/ngrams"])
        rows.append(
            ["KenLM count_ngrams -o 2", f"{run.seconds:.1f}", f"{size / run.seconds:.2f}", f"{run.peak_mb:.0f}"]
        )
    else:
        rows.append(["KenLM count_ngrams", "not on this machine", "", ""])
    ratio = f"\n\nMarginal rate over nlp-zero's: **{rate / zero_rate:.0f} ×**."
    return table(["laws.txt, 58 MB, one worker", "seconds", "MB/s", "peak MB"], rows) + ratio, figures


def bench_segment(folder: Path) -> tuple[str, dict[str, object]]:
    laws, words = data.text("laws.txt"), data.text("jieba_dict.txt")
    size = laws.stat().st_size / MB
    command = [*MINENT, "segment", "-l", str(words), "-q", "-o", str(folder / "cut.txt")]
    once = median_run([*command, "-j", "1", str(laws)])
    fourfold = median_run([*command, "-j", "1", str(data.repeated(laws, 4))])
    two = median_run([*command, "-j", "2", str(data.repeated(laws, 4))])
    two_once = median_run([*command, "-j", "2", str(laws)])
    rate = 3 * size / (fourfold.seconds - once.seconds)
    rate_two = 3 * size / (two.seconds - two_once.seconds)
    cold = cold_seconds([*command, str(laws)])
    rust, rust_mb = seconds_inside(RJIEBA, str(laws))
    part = excerpt(laws, 8_000_000)
    slow, slow_mb = seconds_inside(JIEBA, str(part))
    slow_rate = part.stat().st_size / MB / slow
    rows: list[list[object]] = [
        ["minent, whole process, warm", f"{once.seconds:.2f}", f"{size / once.seconds:.1f}", f"{once.peak_mb:.0f}"],
        [
            "minent, marginal, 1 worker",
            f"{fourfold.seconds - once.seconds:.2f} for 3 ×",
            f"**{rate:.1f}**",
            f"{fourfold.peak_mb:.0f}",
        ],
        [
            "minent, marginal, 2 workers",
            f"{two.seconds - two_once.seconds:.2f} for 3 ×",
            f"{rate_two:.1f}",
            f"{two.peak_mb:.0f}",
        ],
        ["minent, first run on a machine (compiles)", f"{cold:.1f}", "", ""],
        ["rjieba, in process, HMM off", f"{rust:.2f}", f"{size / rust:.1f}", f"{rust_mb:.0f}"],
        ["jieba, in process, HMM off, first 8 MB", f"{slow:.2f}", f"{slow_rate:.2f}", f"{slow_mb:.0f}"],
    ]
    ratios = (
        f"\n\nMarginal rate over rjieba's **{rate * rust / size:.1f} ×**, over jieba's **{rate / slow_rate:.0f} ×**; "
        f"two workers **{rate_two / rate:.2f} ×** one "
        f"(whole processes on 230 MB: {fourfold.seconds / two.seconds:.2f} ×)."
    )
    figures: dict[str, object] = {
        "whole_s": once.seconds,
        "peak_mb": once.peak_mb,
        "marginal_mb_s": rate,
        "two_workers_mb_s": rate_two,
        "cold_s": cold,
        "rjieba_mb_s": size / rust,
        "jieba_mb_s": slow_rate,
    }
    return table(["laws.txt, 58 MB, jieba's 349k words", "seconds", "MB/s", "peak MB"], rows) + ratios, figures


def bench_default(folder: Path) -> tuple[str, dict[str, object]]:
    """The default recipe by size of the text, its sweeps with two workers, and segmenting with its word model."""
    news = [data.text(name) for name in ("people_daily_199801.txt", "msra_news.txt")]
    laws = data.text("laws.txt")
    unlike = [data.text(name) for name in ("modern_prose.txt", "dotnet_docs.txt")]
    texts = {
        "news (People's Daily, MSRA)": news,
        "laws": [laws],
        "news, laws, prose, docs": [*news, laws, *unlike],
        "laws, 4 ×": [data.repeated(laws, 4)],
        "laws, 8 ×": [data.repeated(laws, 8)],
    }
    rows: list[list[object]] = []
    found: dict[tuple[str, int], Run] = {}
    size: dict[str, float] = {}
    for title, paths in texts.items():
        size[title] = sum(path.stat().st_size for path in paths) / MB
        cells: list[object] = []
        for jobs in (1, 2):
            command = [*MINENT, "build-lexicon", "-q", "-j", str(jobs), "-o", str(folder / "default.tsv")]
            run = found[title, jobs] = run_process([*command, *map(str, paths)])
            cells += [f"{run.seconds:.1f}", f"{run.peak_mb:.0f}"]
        ratio = found[title, 1].seconds / found[title, 2].seconds
        rows.append([title, f"{size[title]:.0f}", *cells, f"{ratio:.2f}"])
    more = size["laws, 8 ×"] - size["laws, 4 ×"]
    rate = {jobs: more / (found["laws, 8 ×", jobs].seconds - found["laws, 4 ×", jobs].seconds) for jobs in (1, 2)}
    sweeps = {jobs: json.loads(python_run(SWEEPS, str(news[0]), str(jobs)).output) for jobs in (1, 2)}
    lexicon, cut = folder / "news.tsv", folder / "cut.txt"
    run_process([*MINENT, "build-lexicon", "-q", "-o", str(lexicon), str(news[0])])
    segment = [*MINENT, "segment", "-q", "-j", "1", "-l", str(lexicon), "-o", str(cut)]
    once, fourfold = median_run([*segment, str(laws)]), median_run([*segment, str(data.repeated(laws, 4))])
    with_model = 3 * size["laws"] / (fourfold.seconds - once.seconds)
    head = ["text", "MB", "s, 1 worker", "peak MB", "s, 2 workers", "peak MB", "ratio"]
    body = table(head, rows)
    body += (
        f"\n\nMarginal rate (laws, 8 × minus 4 ×): **{rate[1]:.1f} MB/s** with one worker, {rate[2]:.1f} with two. "
        f"A sweep over the sample (People's Daily, in process, median of 9): {sweeps[1]:.3f} s with one worker, "
        f"{sweeps[2]:.3f} s with two, **{sweeps[1] / sweeps[2]:.2f} ×**. Segmenting laws with a lexicon and its "
        f"unknown-word model: {once.seconds:.2f} s, marginal **{with_model:.0f} MB/s**."
    )
    figures: dict[str, object] = {
        "seconds": {f"{title}, {jobs}": run.seconds for (title, jobs), run in found.items()},
        "peak_mb": {f"{title}, {jobs}": run.peak_mb for (title, jobs), run in found.items()},
        "marginal_mb_s": rate,
        "sweep_s": sweeps,
        "segment_with_model_mb_s": with_model,
    }
    return body, figures


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segment, segment_figures = bench_segment(folder)
        lexicon, lexicon_figures = bench_lexicon(folder)
        default, default_figures = bench_default(folder)
    report(
        "speed",
        "Speed",
        f"### Segmenting\n\n{segment}\n\n### Mining, plain recipe\n\n{lexicon}\n\n"
        f"### Mining, default recipe\n\n{default}",
        {"segment": segment_figures, "lexicon": lexicon_figures, "default": default_figures},
    )


if __name__ == "__main__":
    main()
