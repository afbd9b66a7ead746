"""Code, documentation and messages use plain words: none of the expressions below, names included."""

import re
from collections.abc import Iterator
from pathlib import Path

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
LETTER = r"[^\W\d_]"
BLANKS = re.compile(r"(?:\s|_|(?<=\n)#|\\n)+(?:#:? *)?")
WORDS = re.compile(
    rf"(?<!{LETTER})(?:{'|'.join(f'(?:{words})' for words in PLAIN)})(?!{LETTER})", re.IGNORECASE
)


def pages() -> Iterator[Path]:
    """All files with prose, but for this one."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and not BUILT & set(path.parts) and path != Path(__file__):
                yield path
    yield from map(ROOT.joinpath, PAGES)


def expressions(text: str) -> list[str]:
    """The expressions of a text that have plainer words."""
    return [match[0] for match in WORDS.finditer(BLANKS.sub(" ", text))]


def test_the_words_are_plain():
    wordy = {str(path.relative_to(ROOT)): expressions(path.read_text(encoding="utf-8")) for path in pages()}
    assert not {name: words for name, words in wordy.items() if words}


def test_expressions_are_found_across_lines_and_in_names():
    assert expressions("    # a run goes\n    # on, and what_is saved stays") == ["goes on", "what is"]
    assert expressions("def refused(besides): 'beside'; thesound, Sound") == ["refused", "beside", "Sound"]
