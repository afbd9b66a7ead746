"""Code, documentation and messages use plain words, names included; and a name is defined once."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pylops

ROOT = Path(__file__).parents[1]
FOLDERS = ("pylops_distributed", "flows", "tests", "benchmarks", "examples", "docs", "data", ".ci")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "pyproject.toml", "prefect.yaml")
SUFFIXES = {".py", ".pyi", ".md", ".rst", ".ipynb", ".yaml", ".toml"}
# Folders of pages that are made from other files.
BUILT = {"_build", "gallery", "generated", "jupyter_execute"}

# An expression, and the plain words for it. Line ends, comment signs and underscores count as blanks.
PLAIN = {
    r"(go|goes|going|gone|went) on": "continues, resumes",
    r"(tells|told|telling)": "shows, reports, prints",
    r"(what (is|was|are|were)|that which)": "the noun",
    r"of (one's|its|their|his|your|our|ones) own": "your own, custom, separate",
    r"beside": "next to, in addition to, compared with",
    r"gives": "returns",
    r"mend(s|ed|ing)?": "fix",
    r"(give|gives|gave|given|giving) (the \w+ )?free": "release",
    r"((is|are|was|were) there|(come|comes|coming|came) along)": "exists, is included, built-in",
    r"no room": "not enough disk space, not enough memory",
    r"refuse(s|d)?": "rejects, is rejected, raises ValueError",
    r"asks? nobody": "has no authentication",
    r"by (itself|themselves)": "automatically",
    r"(sound|damaged)": "intact, corrupt",
}
PACKAGES = ("pylops_distributed", "flows/pylops_flows")
DEFINITION = re.compile(r"^(?:async def|def|class) ([a-zA-Z]\w*)", re.MULTILINE)
WORDS = re.compile(rf"\b(?:{'|'.join(PLAIN)})\b")
SEAMS = re.compile(r"\\n|\"\s*\n\s*[rf]*\"")  # line ends within a text, and between the texts of one string
BLANKS = str.maketrans("_#", "  ")


def pages() -> Iterator[Path]:
    """All files with prose, but for this one."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and not BUILT & set(path.parts) and path != Path(__file__):
                yield path
    yield from map(ROOT.joinpath, PAGES)


def expressions(text: str) -> list[str]:
    """The expressions of a text that have plainer words."""
    words = SEAMS.sub(" ", text).translate(BLANKS).lower().split()
    return [match[0] for match in WORDS.finditer(" ".join(words))]


def test_the_words_are_plain():
    wordy = {str(path.relative_to(ROOT)): expressions(path.read_text(encoding="utf-8")) for path in pages()}
    assert not {name: words for name, words in wordy.items() if words}


def test_expressions_are_found_across_lines_and_in_names():
    assert expressions("    # a run goes\n    # on, and what_is saved stays") == ["goes on", "what is"]
    assert expressions("def refused(besides): 'beside'; thesound, Sound") == ["refused", "beside", "sound"]


def test_docstrings_begin_with_a_noun_or_a_verb():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert not re.findall(
                r'"""(?:What|Whatever|Who|That which)\b.*', path.read_text(encoding="utf-8")
            ), path


def definitions(folder: Path) -> Iterator[tuple[str, Path]]:
    """The public functions and classes of a package, and their files."""
    for path in sorted(folder.rglob("*.py")):
        overloads_joined = path.read_text(encoding="utf-8").replace("@overload\ndef ", "")
        for match in DEFINITION.finditer(overloads_joined):
            yield match[1], path.relative_to(folder)


def runs_an_algorithm(places: list[Path]) -> bool:
    """Whether these are an algorithm, and PyLops', SciPy's or PyProximal's function or class that runs it."""
    algorithms = [p for p in places if p.parent == Path("optimization/algorithms")]
    return len(places) == 2 and len(algorithms) == 1 and all(p.parts[0] == "optimization" for p in places)


def test_a_name_is_defined_once_but_for_those_of_pylops():
    theirs = {name for name, _ in definitions(Path(pylops.__file__).parent)}
    places = defaultdict(list)
    for package in PACKAGES:
        for name, path in definitions(ROOT / package):
            places[name].append(path)
    twice = {name: paths for name, paths in places.items() if len(paths) > 1 and name not in theirs}
    assert not {name: paths for name, paths in twice.items() if not runs_an_algorithm(paths)}
