"""How well do the couplet models answer? Perplexity, agreement, rules kept, training time and size, on one data set.

Both models see the same pairs (those with a line of the test set are left out) for the same epochs, and are trained and
measured by the commands that users run. A model that this script trained before is used again; `--again` trains anew.
Further options are handed to `minent neural couplet train`, such as `--precision bf16`; `--threads N` to all commands.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from measure import MINENT, report, run_process, table

import data

COUPLET = [*MINENT, "neural", "couplet"]
EPOCHS = "4"
MODELS = {"aligned": "aligned (default)", "gated-cnn": "gated-cnn (the article's)"}
ARTICLE = ("晚风摇树树还挺", "今天天气不错", "鱼跃此时海", "只有香如故", "科学空间")
OTHERS = 15  # upper lines of the test set, at equal distances
RULES = ("position", "upper", "repeats", "marks", "tones")


def test_files() -> tuple[Path, Path]:
    """Upper and lower lines of the test set."""
    return data.text("test_in.txt"), data.text("test_out.txt")


def trained(model: str, options: list[str]) -> tuple[Path, dict[str, float]]:
    """The folder of a model, and what its training took."""
    folder = data.SCRATCH / "couplet" / model
    kept = folder.with_suffix(".json")
    if not kept.exists():
        excluded = [option for name in test_files() for option in ("--exclude", str(name))]
        command = [*COUPLET, "train", str(data.text("pairs.tsv")), *excluded, "--model", model, "-o", str(folder)]
        run = run_process([*command, "--epochs", EPOCHS, *options])
        print(run.output)
        kept.write_text(json.dumps({**asdict(run), "options": options}))
    return folder, json.loads(kept.read_text())


def uppers() -> list[str]:
    """The article's upper lines, then some of the test set."""
    lines = ["".join(line.split()) for line in test_files()[0].read_text(encoding="utf-8").splitlines()]
    return [*ARTICLE, *lines[len(lines) // OTHERS // 2 :: len(lines) // OTHERS][:OTHERS]]


def answers(folder: Path, *options: str) -> dict[str, str]:
    """The best lower line of each upper line."""
    run = run_process([*COUPLET, "generate", str(folder), *uppers(), "-q", *options])
    return dict(line.split("\t") for line in run.output.splitlines())


def percent(share: float) -> str:
    """A share in points."""
    return f"{100 * share:.1f}"


def main(arguments: list[str]) -> None:
    """Train, measure, tell."""
    if "--again" in arguments:
        arguments.remove("--again")
        for model in MODELS:
            (data.SCRATCH / "couplet" / f"{model}.json").unlink(missing_ok=True)
    threads = arguments[arguments.index("--threads") :][:2] if "--threads" in arguments else []
    figures, samples = {}, {}
    models = {model: trained(model, arguments) for model in MODELS}
    for model, (folder, training) in models.items():
        upper, lower = test_files()
        run = run_process([*COUPLET, "evaluate", str(folder), str(upper), "--lower", str(lower), "-q", *threads])
        size = (folder / "model.safetensors").stat().st_size
        figures[model] = {"training": training, "bytes": size, "seconds": run.seconds, **json.loads(run.output)}
        samples[model] = answers(folder, *threads)
    training = figures["aligned"]["training"]
    pairs = figures["aligned"]["pairs"]
    gain = 1 - figures["aligned"]["perplexity"] / figures["gated-cnn"]["perplexity"]
    model_rows = [
        [
            title,
            f"{figures[model]['perplexity']:.1f}",
            f"{figures[model]['parameters'] / 1e6:.2f} M",
            f"{figures[model]['bytes'] / 1e6:.1f}",
            f"{figures[model]['training']['cpu'] / 60:.1f}",
            f"{figures[model]['training']['seconds'] / 60:.1f}",
        ]
        for model, title in MODELS.items()
    ]
    answer_rows = [
        [
            title,
            called,
            percent(found["exact_characters"]),
            *(f"{100 * found[key]:.2f}" for key in ("bleu_2", "bleu_4")),
        ]
        + [percent(found["kept"][rule]) for rule in RULES]
        for model, title in MODELS.items()
        for called, found in (
            ("no rules", figures[model]["without_rules"]),
            ("all rules", figures[model]["with_rules"]),
        )
    ]
    true = figures["aligned"]["true_lines"]["kept"]
    answer_rows.append(["true lower lines", "", "100.0", "100.00", "100.00", *(percent(true[rule]) for rule in RULES)])
    options = " ".join(training["options"]) or "no further options"
    body = f"pairs.tsv without the lines of the test set; {EPOCHS} epochs ({options}); {pairs:,} test pairs.\n\n"
    body += table(["model", "perplexity", "parameters", "MB", "CPU min of training", "wall min"], model_rows)
    body += f"\n\nThe default's perplexity is **{100 * gain:.1f} %** lower.\n\n"
    head = ["answers", "decoded with", "exact characters, %", "BLEU-2", "BLEU-4", *(f"{rule}, %" for rule in RULES)]
    body += table(head, answer_rows) + "\n\n"
    rows = [[upper, *(samples[model].get(upper, "") for model in MODELS)] for upper in uppers()]
    body += table(["upper line", *MODELS.values()], rows)
    report("couplet", "Couplets", body, {**figures, "samples": samples})


if __name__ == "__main__":
    main(sys.argv[1:])
