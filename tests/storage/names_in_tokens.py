"""Names of this library's code in tokens of operators.

Written by ``PYTHONPATH=.:flows:tests python tests/storage/names_in_tokens.py > tests/golden/names``. To be written
anew only for names that are new: one that is missing there was moved or renamed, and then stored runs need a line in
``pylops_distributed/storage/stored_names.py``.
"""

from pathlib import Path
from unittest.mock import patch

from cases import CASES

from pylops_distributed.storage import source_code
from pylops_distributed.storage.content_digest import token

NAMES = Path(__file__).parents[1] / "golden/names"


def names():
    """Module and name of all that tokens of the cases hold, sorted."""
    found, stored_name = set(), source_code.stored_name

    def noted(module, name):
        found.add(":".join(stored_name(module, name)))
        return stored_name(module, name)

    with patch.object(source_code, "stored_name", noted):
        for case in CASES:
            token(case.operator(case.usual))
    return sorted(name for name in found if name.startswith("pylops_distributed."))


if __name__ == "__main__":
    print(*names(), sep="\n")
