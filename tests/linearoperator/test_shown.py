"""What people see of operators and solutions."""

import dask.array as da
import numpy as np

import pylops_distributed as pld
from pylops_distributed.optimization.algorithms.cgls import CGLS
from pylops_distributed.optimization.session import run_solver


def test_operators_in_a_line():
    assert repr(pld.Identity(3)) == "<3x3 Identity with dtype=float64>"
    assert repr(pld.Sum((3, 4))) == "<3x12 Sum with dims=(3, 4), dimsd=(3,), dtype=float64>"
    pinned = "<4x4 Flip with dtype=float64, chunks=((2, 2),)>"
    assert repr(pld.Flip(4, chunks=2)) == pinned


def test_operators_in_notebooks():
    op = pld.VStack([pld.FirstDerivative((3, 4), name="A<b>"), pld.Identity((3, 4))])
    html = op.ops[0]._repr_html_()
    assert "<td>A&lt;b&gt;</td>" in html
    for text in (
        "<b>VStack</b>",
        "<td>(24, 12)</td>",
        "float64",
        "2 members",
        "FirstDerivative with dims=(3, 4)",
    ):
        assert text in op._repr_html_()
    assert "and 5 more" in sum([pld.Identity(2)] * 24, pld.Identity(2))._repr_html_()
    assert "((2, 1),)" in pld.Flip(3, chunks=(2, 1))._repr_html_()
    assert "1 members" not in pld.Identity(2)._repr_html_()


def test_solutions_in_notebooks():
    solution = run_solver(CGLS(3), pld.Diagonal(np.arange(1.0, 7.0)), da.ones(6))
    html = solution._repr_html_()
    assert "<th>steps</th><td>3</td>" in html
    assert "maximum number of iterations" in html
    assert "cost" in html
