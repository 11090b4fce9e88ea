"""Runs every fuzz target of a build on its seeds, then for the seconds asked.

Seeds: the files in tests/fuzz/<target>/; for onnx_* targets also models of ONNX's node cases, for plan_* targets plans
of these (INGOT_ONNX_TEST_DATA says where the cases are).
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

from report import Report

LIMITS = ["-timeout=20", "-rss_limit_mb=2560", "-malloc_limit_mb=2048", "-print_final_stats=0"]


def node_models(every: int) -> list[Path]:
    data = os.environ.get("INGOT_ONNX_TEST_DATA", "")
    models = sorted(Path(data).glob("node/*/model.onnx")) if data else []
    return [path for path in models[::every] if path.stat().st_size < 50_000]


def make_plans(build: Path, models: list[Path]) -> list[Path]:
    folder = build / "fuzz_plans"
    folder.mkdir(exist_ok=True)
    plans = []
    for model in models:
        plan = folder / f"{model.parent.name}.plan"
        command = [build / "bin/ingot", "build", model, "-o", plan, "--device", "cpu", "--quiet"]
        if plan.exists() or subprocess.run(command, capture_output=True).returncode == 0:
            plans.append(plan)
    return plans


def seeds_of(target: str, root: Path, build: Path) -> list[Path]:
    seeds = sorted(path for path in (root / "tests/fuzz" / target).glob("*") if path.is_file())
    if target.startswith("onnx_"):
        seeds += node_models(4)
    if target.startswith("plan_"):
        seeds += make_plans(build, node_models(16))
    return seeds


def run(program: Path, root: Path, build: Path, seconds: int) -> tuple[bool, str]:
    target = program.name.removeprefix("ingot_").removesuffix("_fuzz")
    seeds = seeds_of(target, root, build)
    if not seeds:
        return False, f"{target} has no seeds"
    if seconds == 0:
        command = [program, *LIMITS, *seeds]
    else:
        corpus = root / "build/corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            name = corpus / f"seed_{seed.parent.name}_{seed.name}"
            name.write_bytes(seed.read_bytes())
        command = [program, *LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={corpus.parent}/{target}_", corpus]
    environment = os.environ | {"ASAN_OPTIONS": "allocator_may_return_null=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    result = subprocess.run(list(map(str, command)), cwd=root, capture_output=True, text=True, errors="replace",
                            env=environment)
    ok = result.returncode == 0
    print(f"  {program.name}: {len(seeds)} seeds, {'ok' if ok else 'FAILED'}", flush=True)
    last = [line for line in result.stderr.splitlines() if line.startswith("Running:")][-1:]
    return ok, "\n".join(last) + "\n" + result.stderr[-6000:]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--only", default="", help="part of a target's name")
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    build = arguments.build.resolve()
    report = Report("fuzz")
    for program in sorted(build.rglob("ingot_*_fuzz")):
        if not program.is_file() or arguments.only not in program.name:
            continue
        ok, text = run(program, root, build, arguments.seconds)
        report.add(program.name, "passed" if ok else "failed", text)
        if not ok:
            print(text)
    report.write(arguments.report)
    return 1 if report.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
