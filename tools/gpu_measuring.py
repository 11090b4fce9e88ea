"""What the scripts that measure a machine's GPUs share."""
import argparse
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


def gpus():
    """A line for each GPU: name, driver, clock seen, highest clock, temperature; none without nvidia-smi's answer."""
    query = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,clocks.max.sm,temperature.gpu",
                            "--format=csv,noheader"], capture_output=True, text=True, check=False).stdout
    return query.strip().splitlines()


def parser_of(description, work, state, out):
    """The options of a script that measures in a folder `work`, keeps what is done in `state` and writes a document."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ingot", default=str(ROOT / "build/release/bin/ingot"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / work)
    parser.add_argument("--state", type=pathlib.Path, default=ROOT / "build/reports" / state)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs" / out)
    parser.add_argument("--write-only", action="store_true", help="write the document from --state")
    return parser


def write(options, empty, measure, document):
    """Measures into what --state has, unless --write-only, and writes the document: `empty` where nothing was measured."""
    state = json.loads(options.state.read_text()) if options.state.exists() else empty
    if not options.write_only:
        options.state.parent.mkdir(parents=True, exist_ok=True)
        options.work.mkdir(parents=True, exist_ok=True)
        measure(options, state)
    options.out.write_text(document(state))
