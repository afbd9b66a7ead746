"""Every operator, every type, every way to chunk: the same numbers as PyLops, lazily, in few tasks."""

import pytest
from cases import CASES

import pylops_distributed as pld
from pylops_distributed.testing import operator_checks

INVERSIONS = {
    "Deghosting",
    "LSM",
    "MDD",
    "Marchenko",
    "PoststackInversion",
    "PrestackInversion",
    "SeismicInterpolation",
    "WavefieldDecomposition",
}  # which test_avo.py and test_waveeqprocessing.py test

ENGINES = {"AcousticWave2D", "CT2D", "DTCWT", "ToCupy"}  # which test_optional.py tests


@pytest.mark.parametrize(*operator_checks(*CASES))
def test_operator(check):
    check()


def test_every_operator_has_a_case():
    public = (
        {
            name
            for package in (
                pld.basicoperators,
                pld.signalprocessing,
                pld.avo,
                pld.medical,
                pld.waveeqprocessing,
            )
            for name in package.__all__
            if name[0].isupper()
        }
        - INVERSIONS
        - ENGINES
    )
    assert public == {case.name.split("-")[0].split(".")[-1] for case in CASES}
