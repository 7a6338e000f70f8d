"""Does a small GPT-2 know a novel better than counts of characters and pairs, and what does its cache save?

`python benchmarks/bench_gpt2.py [--model DIR]` trains a tiny model (minutes) on the first 95 % of 红楼梦 and scores the
rest; with --model it keeps the model there, or takes one that was trained there. Then it generates with models whose
weights are drawn by chance.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import torch
from measure import MINENT, report, run_process, table

import data
from minent.neural.gpt2.files import read_sizes
from minent.neural.gpt2.generation import GenerationSettings, generate
from minent.neural.gpt2.model import GPT2, GPT2Config
from minent.neural.gpt2.tokenizer import SPECIALS, Tokenizer

NOVEL = "hongloumeng.txt"
TRAINED = 0.95  # share of the novel
TRAINING = ["--epochs", "5", "--window", "128", "--batch-size", "8", "--held-out", "0.02", "--precision", "bf16"]
DISCOUNT = 0.75  # of Kneser and Ney
UNITS = 256
LEGEND = """Bits per character under what was learned from the first 95 % of 红楼梦, of the last 5 % and of the first
95 % itself: counts of characters (one added to each, for new text), counts of pairs (interpolated Kneser–Ney, discount
0.75, for new text), and a tiny GPT-2 with a vocabulary of characters. Of the text learned from, the counts give its
entropy, of a character alone or given the one before it, and the model gives what it has learned by heart."""


def split_novel(folder: Path) -> tuple[Path, Path]:
    """The training part and the rest, cut at a line end."""
    lines = data.text(NOVEL).read_text(encoding="utf-8").splitlines(keepends=True)
    limit = TRAINED * sum(map(len, lines))
    at = total = 0
    while total < limit:
        total += len(lines[at])
        at += 1
    paths = folder / "train.txt", folder / "test.txt"
    for path, part in zip(paths, (lines[:at], lines[at:]), strict=True):
        path.write_text("".join(part), encoding="utf-8", newline="")
    return paths


def unigram_bits(train: str, test: str) -> float:
    """Counts of characters with one added, over the characters of both texts."""
    counts, characters = Counter(train), len(set(train + test))
    return -sum(math.log2((counts[c] + 1) / (len(train) + characters)) for c in test) / len(test)


def bigram_bits(train: str, test: str) -> float:
    """Interpolated Kneser–Ney over pairs; Chen and Goodman 1999, (20)."""
    counts, pairs = Counter(train), Counter(pairwise(train))
    follow, precede = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    characters = len(set(train + test))

    def lower(b: str) -> float:
        return (max(precede[b] - DISCOUNT, 0) + DISCOUNT * len(precede) / characters) / len(pairs)

    bits = 0.0
    for a, b in pairwise(train[-1] + test):
        seen = max(pairs[a, b] - DISCOUNT, 0) + DISCOUNT * follow[a] * lower(b)
        bits -= math.log2(seen / counts[a] if counts[a] else lower(b))
    return bits / len(test)


def entropies(text: str) -> tuple[float, float]:
    """Bits of a character of a text in itself: alone, and given the one before it."""

    def entropy(counts: Counter) -> float:
        total = sum(counts.values())
        return -sum(n / total * math.log2(n / total) for n in counts.values())

    alone = entropy(Counter(text))
    return alone, entropy(Counter(pairwise(text))) - alone


def novel(folder: Path, model: Path | None) -> tuple[str, dict]:
    train_path, test_path = split_novel(folder)
    trained = model or folder / "model"
    cpu = None
    if not (trained / "model.safetensors").exists():
        done = run_process([*MINENT, "neural", "gpt2", "train", str(train_path), "-o", str(trained), *TRAINING])
        cpu = done.cpu
        print(done.output, file=sys.stderr)
    seen, score = (
        json.loads(run_process([*MINENT, "neural", "gpt2", "score", "-q", "--json", str(trained), str(path)]).output)
        for path in (train_path, test_path)
    )
    train, test = (path.read_text(encoding="utf-8") for path in (train_path, test_path))
    alone, given = entropies(train)
    figures = {
        "unigram": unigram_bits(train, test),
        "bigram": bigram_bits(train, test),
        "gpt2": score["bits_per_character"],
        "in itself": {"unigram": alone, "bigram": given, "gpt2": seen["bits_per_character"]},
        "unknown": score["unknown"],
        "characters": len(test),
        "cpu_minutes": None if cpu is None else cpu / 60,
        "seconds": json.loads((trained / "metrics.jsonl").read_text().splitlines()[-1])["seconds"],
    }
    names = {"unigram": "characters", "bigram": "pairs", "gpt2": "tiny GPT-2"}
    rows = [[told, f"{figures[name]:.3f}", f"{figures['in itself'][name]:.3f}"] for name, told in names.items()]
    head = ["learned from", "new text", "text learned from"]
    body = f"{LEGEND}\n\n{table(head, rows)}\n\n{len(test):,} new characters, of which "
    body += f"{score['unknown']} that the vocabulary does not have are charged 20.1 bits more. "
    if cpu is not None:
        body += f"Training (`{' '.join(TRAINING)}`): {cpu / 60:.1f} processor minutes."
    return body, figures


def seconds_of(model: GPT2, tokenizer: Tokenizer, rows: int, use_cache: bool) -> tuple[float, float]:
    """Wall and processor time to generate UNITS units for so many beginnings."""
    settings = GenerationSettings(length=UNITS, least=UNITS, top_k=40)
    began, cpu = time.perf_counter(), time.process_time()
    generate(model, tokenizer, ["却说"] * rows, settings, use_cache=use_cache)
    return time.perf_counter() - began, time.process_time() - cpu


def sizes(entries: int) -> dict[str, GPT2Config]:
    """The models that generate: tiny, one in between, and base, all with 1024 positions."""
    base = read_sizes("base", entries)
    small = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 6, "intermediate_size": 1536}
    tiny = dataclasses.replace(read_sizes("tiny", entries), max_position_embeddings=1024)
    return {"tiny": tiny, "384 × 6": dataclasses.replace(base, **small), "base": base}


def speed() -> tuple[str, list]:
    rows, figures = [], []
    tokenizer = Tokenizer([*SPECIALS, *(chr(0x4E00 + at) for at in range(8016))], by_character=True)
    for name, config in sizes(len(tokenizer)).items():
        torch.manual_seed(0)
        model = GPT2(config).initialize().eval()
        generate(model, tokenizer, ["却"], GenerationSettings(length=4))
        cached, eight, anew = (
            seconds_of(model, tokenizer, count, use_cache) for count, use_cache in ((1, True), (8, True), (1, False))
        )
        figures.append({"size": name, "cached": cached, "eight cached": eight, "anew": anew})
        cells = [UNITS / cached[0], UNITS / cached[1], 8 * UNITS / eight[1], UNITS / anew[1], anew[1] / cached[1]]
        rows.append([name, f"{config.parameters:,}", *(f"{cell:.1f}" for cell in cells)])
        print(rows[-1], file=sys.stderr, flush=True)
    head = ["size", "weights", "units/s", "units/processor s", "… 8 texts at once", "… without cache", "times faster"]
    threads = torch.get_num_threads()
    legend = f"{UNITS} units after a beginning of two, top-k 40, fp32, {threads} threads, PyTorch {torch.__version__}."
    return f"{legend}\n\n{table(head, rows)}", figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="where the model of the novel is, or is to be")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of the CPU, for generation")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bits, on_novel = novel(Path(folder), options.model)
    torch.set_num_threads(options.threads)
    times, of_speed = speed()
    body = f"### Bits per character\n\n{bits}\n\n### Speed of generation\n\n{times}"
    report("gpt2", "GPT-2", body, {"novel": on_novel, "speed": of_speed})


if __name__ == "__main__":
    main()
