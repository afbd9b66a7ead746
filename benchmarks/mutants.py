"""Do the tests notice? Random faults in solvers, store, identity and ingest, one at a time, and the tests of them.

    python -m pip install coverage
    python benchmarks/mutants.py
    python benchmarks/mutants.py --number 20 --minutes 5 --only store

Copies the tree, runs the tests below once there to see which reach each line, and then, for each of 100 faults drawn
with a seed, those that reach its line, until one fails. A fault is a comparison turned around, a number off by one, a
statement left out, arguments exchanged, a condition negated or a constant returned. Prints one line a fault, and how
many were noticed; exits with 1 if fewer than four in five were. Faults in `mutants_equivalent.txt`, which a person
found to change nothing that can be seen, are drawn and left out of the count. Time is bounded: mutants not begun by
then are not counted, and the last line says how many. The checkout itself is never touched.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parents[1]
SEED, NUMBER, BAR = 21, 100, 0.8
LIMIT = (
    120  # seconds for the tests of one fault; one that takes longer is not decided: it may hang, or be slow
)
MANY = 300  # tests that reach a line: then all of that part are run, which name themselves shorter
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.txt")
# Modules, and the tests that are about them.
TABLE = {
    "store": (
        ["pylops_distributed/storage/*.py"],
        ["tests/storage", "tests/flows/test_secrecy.py", "tests/flows/test_listing.py", "tests/inversion"],
    ),
    "ingest": (["pylops_distributed/ingest/**/*.py"], ["tests/ingest"]),
    "identity": (
        [
            "pylops_distributed/inversion/assembly.py",
            "pylops_distributed/inversion/run_identity.py",
            "pylops_distributed/inversion/inversion.py",
            "pylops_distributed/inversion/warm_start.py",
            "pylops_distributed/storage/source_code.py",
            "pylops_distributed/storage/content_digest.py",
        ],
        [
            "tests/inversion",
            "tests/storage/test_content_digest.py",
            "tests/storage/test_identity.py",
            "tests/storage/test_promises.py",
            "tests/settings/test_solver_settings.py",
            "tests/flows/test_incremental.py",
            "tests/problems/test_poststack.py",
        ],
    ),
    "optimization": (
        ["pylops_distributed/optimization/**/*.py"],
        ["tests/optimization", "tests/linearoperator/test_matrix.py", "tests/avo"],
    ),
}
P = "tests/storage/test_promises.py"
# Faults that a person chose, each in the way of a promise of the documentation: module, text, what stands there
# instead, and the tests to notice it.
NAMED = [
    ("storage/atomic_group.py", "        storage.sync(path)\n", "", [P]),
    ("storage/atomic_group.py", "    storage.sync(metadata_key(path))\n", "", [P]),
    ("storage/direct_io.py", "np.isfinite(piece.sum()) or np.isfinite(piece).all()", "np.isfinite(piece.sum())", [P]),
    ("storage/lease.py", "                storage.sync(_record(number))\n", "", [P]),
    ("inversion/warm_start.py", "key=itemgetter(0), reverse=True", "key=itemgetter(0)",
     [P, "tests/flows/test_incremental.py"]),
    ("optimization/session.py", "        if self.reason is not None:\n            self.save()\n",
     "        if self.reason is not None:\n", [P]),
    ("inversion/run_identity.py",
     "    return sha256(repr([code.of(type(problem)), *map(code.of, makers)]).encode()).hexdigest()",
     '    return "0" * 64', ["tests/storage/test_identity.py"]),
    ("inversion/inversion.py", 'if ds.attrs["fingerprint"] != run.attrs["identity"]["data"]:', "if False:",
     ["tests/flows/test_incremental.py"]),
    ("clusters/this_machine.py", '            options["host"] = "127.0.0.1"\n', "            pass\n",
     ["tests/clusters/test_listening.py"]),
]  # fmt: skip
RC = "[run]\nsource = pylops_distributed\ndynamic_context = test_function\ndata_file = {file}\nconcurrency = thread\n"
TURNED: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A place in the text of a module, and what stands there instead."""

    module: str
    line: int
    start: int
    end: int
    kind: str
    old: str
    new: str

    @property
    def name(self) -> str:
        """What a list of faults calls it: it holds no number of a line, which others would move."""
        return f"{self.module}: {self.kind}: {' '.join(self.old.split())} -> {' '.join(self.new.split())}"


def faults(module: str, text: str) -> Iterator[Fault]:
    """All faults that a module may get."""
    tree = ast.parse(text)
    starts = [0]
    for row in text.encode().split(b"\n"):
        starts.append(starts[-1] + len(row) + 1)
    for parent in ast.walk(tree):
        for node in ast.iter_child_nodes(parent):
            for kind, new in _changes(parent, node):
                a = starts[node.lineno - 1] + node.col_offset
                b = starts[node.end_lineno - 1] + node.end_col_offset
                old = text.encode()[a:b].decode()
                if old != new:
                    yield Fault(module, node.lineno, a, b, kind, old, new)


def _changes(parent: ast.AST, node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
        turned = ast.Compare(node.left, [TURNED[type(node.ops[0])](), *node.ops[1:]], node.comparators)
        yield "comparison", f"({ast.unparse(turned)})"
    if isinstance(node, ast.BinOp) and type(node.op) in TURNED:
        yield "operation", f"({ast.unparse(ast.BinOp(node.left, TURNED[type(node.op)](), node.right))})"
    if isinstance(node, ast.BoolOp):
        yield "and/or", f"({ast.unparse(ast.BoolOp(TURNED[type(node.op)](), node.values))})"
    if (
        isinstance(node, ast.Constant)
        and type(node.value) in (int, float)
        and not isinstance(parent, ast.keyword)
    ):
        yield "off by one", f"({node.value + 1!r})"
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", repr(not node.value)
    if (
        isinstance(node, ast.expr)
        and isinstance(parent, ast.If | ast.While | ast.IfExp)
        and node is parent.test
    ):
        yield "condition", f"(not ({ast.unparse(node)}))"
    yield from _calls(node)
    if isinstance(node, ast.AugAssign | ast.Raise):
        yield "left out", "pass"
    if isinstance(node, ast.Return) and node.value is not None and not _is_falsy(node.value):
        yield "returned", "return None"


def _calls(node: ast.AST) -> Iterator[tuple[str, str]]:
    if (
        isinstance(node, ast.Call)
        and len(node.args) > 1
        and not any(isinstance(a, ast.Starred) for a in node.args[:2])
        and ast.unparse(node.func) not in ("max", "min")  # the same either way
    ):
        swapped = ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
        yield "arguments", ast.unparse(swapped)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await):
        yield "left out", "pass"


def _is_falsy(node: ast.expr) -> bool:
    """Whether ``None`` in its place would mean the same; the fault "constant" turns ``False`` around."""
    return isinstance(node, ast.Constant) and not node.value


def draw(only: str | None, number: int, seed: int) -> list[tuple[str, Fault]]:
    """The faults of this run: the same ones for a seed and a state of the code, evenly over the parts."""
    rng, drawn = random.Random(seed), []
    parts = [only] if only else list(TABLE)
    for part in parts:
        found = [
            fault for pattern in TABLE[part][0] for path in sorted(ROOT.glob(pattern))
            for fault in faults(str(path.relative_to(ROOT)), path.read_text())
        ]  # fmt: skip
        drawn.append(
            [(part, fault) for fault in rng.sample(found, min(len(found), -(-number // len(parts))))]
        )
    # In turns, so that time that runs out takes from all.
    return [one for row in zip(*drawn, strict=False) for one in row][:number]


def pytest(
    tree: Path, words: list[str], limit: float, prefix: tuple[str, ...] = ()
) -> tuple[bool | None, list[str]]:
    """Whether all tests pass in a copy, and the printed failures; None if there is no answer in time."""
    command = [
        sys.executable, *prefix, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider",
        "--basetemp", str(tree / ".tests"), *words,
    ]  # fmt: skip
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'flows'}",
        "OPENBLAS_NUM_THREADS": "1",
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=tree, env=environment, start_new_session=True, **pipes)
    try:
        printed, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        return None, ["took too long"]
    finally:
        with suppress(ProcessLookupError):  # servers and workers that it leaves, too
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    lines = [line for line in printed.splitlines() if line.startswith(("FAILED", "ERROR", "E  "))]
    return process.returncode in (0, 5), lines or [*printed.splitlines()[-1:], errors[-200:]]


@dataclass
class Reach:
    """Which tests reach each line, and which fail without any fault."""

    tests: dict[tuple[str, int], set[str]]
    failing: set[str]


def reached(tree: Path, part: str, limit: float) -> Reach:
    """For each line, the tests that reach it."""
    data, rc = tree / f".coverage.{part}", tree / f".coveragerc.{part}"
    rc.write_text(RC.format(file=data))
    passed, words = pytest(tree, TABLE[part][1], limit, ("-m", "coverage", "run", f"--rcfile={rc}"))
    failing = {word.split()[1] for word in words if word.startswith(("FAILED", "ERROR")) and "::" in word}
    if not passed:
        reasons = sorted(failing) or words
        print(f"without any fault, tests of {part} fail, and are left out: {reasons}", flush=True)
    from coverage.numbits import numbits_to_nums

    files = {path.stem: str(path.relative_to(tree)) for path in tree.glob("tests/**/test_*.py")}
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    query = (
        "select path, context, numbits from line_bits "
        "join file on file.id = file_id join context on context.id = context_id"
    )
    for path, context, bits in sqlite3.connect(data).execute(query):
        *_, module, test = ["", "", *context.split(".")]
        for line in numbits_to_nums(bits):
            if module in files:
                found[str(Path(path).relative_to(tree)), line].add(f"{files[module]}::{test}")
            else:
                found[str(Path(path).relative_to(tree)), line] |= set()
    return Reach(found, failing)


def judge(tree: Path, part: str, fault: Fault, known: Reach) -> tuple[bool | None, str]:
    """Whether a test notices a fault; None if that took too long."""
    path = tree / fault.module
    good = path.read_bytes()
    place = fault.module, fault.line
    if place not in known.tests:
        return False, "no test reaches it"
    # Reached by no test itself: at import, by fixtures or in other threads; then all are asked.
    tests = sorted(known.tests[place])
    if not 0 < len(tests) < MANY:
        tests = TABLE[part][1]
    left_out = [word for name in known.failing for word in ("--deselect", name)]
    path.write_bytes(good[: fault.start] + fault.new.encode() + good[fault.end :])
    try:
        passed, words = pytest(tree, ["-x", *left_out, *tests], LIMIT)
        return None if passed is None else not passed, words[-1][:110]
    finally:
        path.write_bytes(good)


def main() -> int:
    """Run; see above."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--number", type=int, default=NUMBER)
    parser.add_argument("--minutes", type=float, default=20.0, help="for the faults, after the tests alone")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=TABLE)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--named", action="store_true", help="the faults that a person chose, instead")
    given = parser.parse_args()
    if given.named:
        return named()
    equivalent = {line.partition(" # ")[0].strip() for line in EQUIVALENT.read_text().splitlines()}
    wanted = draw(given.only, given.number, given.seed)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool:
        trees: Queue[Path] = Queue()
        for number in range(max(given.jobs, len(TABLE))):
            trees.put(copy(Path(folder) / str(number)))
        known: dict[str, Reach] = {}
        parts = sorted({part for part, _ in wanted})

        def mapped(part: str) -> None:
            tree = trees.get()
            try:
                known[part] = reached(tree, part, 1800)
            finally:
                trees.put(tree)

        list(pool.map(mapped, parts))
        end = time.monotonic() + 60 * given.minutes

        def one(job: tuple[str, Fault]) -> bool | None:
            part, fault = job
            if fault.name in equivalent or time.monotonic() > end:
                return None
            tree = trees.get()
            try:
                noticed, words = judge(tree, part, fault, known[part])
            finally:
                trees.put(tree)
            word = {True: "killed  ", False: "SURVIVED", None: "?       "}[noticed]
            print(f"{word} {fault.name} (line {fault.line}) | {words}", flush=True)
            return noticed

        verdicts = [noticed for noticed in pool.map(one, wanted) if noticed is not None]
    share = sum(verdicts) / max(1, len(verdicts))
    left = len(wanted) - len(verdicts)
    print(
        f"{sum(verdicts)} of {len(verdicts)} killed, {share:.0%}; seed {given.seed}; "
        f"{left} not begun, decided or counted"
    )
    return int(share < BAR)


def named() -> int:
    """Whether the faults that a person chose are all noticed, one after another."""
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = copy(Path(folder) / "tree")
        for module, old, new, tests in NAMED:
            path = tree / "pylops_distributed" / module
            good = path.read_text()
            if good.count(old) != 1:
                raise SystemExit(f"{module} has {good.count(old)} times {old!r}: look where that went")
            path.write_text(good.replace(old, new))
            passed, words = pytest(tree, ["-x", *tests], 3 * LIMIT)
            path.write_text(good)
            survived += passed is not False
            print(
                f"{'killed  ' if passed is False else 'SURVIVED'} {module}: {old.strip()} | {words[-1][:110]}",
                flush=True,
            )
    print(f"{len(NAMED) - survived} of {len(NAMED)} killed")
    return survived


def copy(tree: Path) -> Path:
    """A copy of the tree, to spoil."""
    skipped = shutil.ignore_patterns(".git", "__pycache__", ".*cache", "runs", "_build")
    return Path(shutil.copytree(ROOT, tree, ignore=skipped))


if __name__ == "__main__":
    sys.exit(main())
