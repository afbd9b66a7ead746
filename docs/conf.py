"""Settings of the documentation site: ``sphinx-build -W docs docs/_build``."""

from __future__ import annotations

import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from option_pages import write_options
from pages import write_pages

write_pages()
write_options()
project = "PyLops-distributed"
author = "the PyLops-distributed developers"
release = metadata.version("pylops-distributed")
extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "gallery/*.ipynb"]  # of the gallery, the pages are shown
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = project

autosummary_generate = True
autosummary_ignore_module_all = False
autosummary_imported_members = False
autodoc_typehints = "none"  # numpydoc's sections say them in words
numpydoc_show_class_members = False
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
# The notebook is run whenever the documentation is built, in a temporary folder.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
# Links to files of the repository, and output that only notebooks show.
suppress_warnings = ["myst.xref_missing", "config.cache", "mystnb.unknown_mime_type"]


def pictures(_: dict[str, Any], script: dict[str, Any]) -> list[str]:
    """Where a script of the gallery puts its own picture."""
    return [str(Path(tempfile.mkdtemp(), Path(script["src_file"]).stem + ".png"))]


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"picture\.py",
    "reset_argv": pictures,
    "show_memory": False,
    "download_all_examples": False,
}
