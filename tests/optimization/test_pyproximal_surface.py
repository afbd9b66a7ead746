"""PyProximal's operators and solvers, by introspection: names, arguments and defaults are here or have a reason."""

from importlib import import_module
from inspect import Parameter, isclass, signature

import numpy as np
import pytest

peer = pytest.importorskip("pyproximal", reason="compares with PyProximal, which the extra `test` installs")
HOMES = ("proximal", "optimization.primal", "optimization.primaldual")

NOT_CONVEX = "not convex: the solvers here are for convex functions"
LISTS = "takes lists of functions: not yet; PrimalDual with stacks of functions and of identities does it"
SETS = "a set that no problem here has: not yet"
# Names that are left out, and why.
LEFT = {
    **dict.fromkeys(("ETP", "Geman", "L0Ball", "L10Ball", "Log1", "RelaxedMumfordShah", "SCAD"), NOT_CONVEX),
    **dict.fromkeys(("QuadraticEnvelopeCard", "QuadraticEnvelopeCardIndicator"), NOT_CONVEX),
    **dict.fromkeys(
        ("QuadraticEnvelopeRankL2", "SingularValuePenalty"), NOT_CONVEX + ", of all samples at once"
    ),
    "L01Ball": "an older name of L10Ball",
    "Hankel": "needs all samples at once, in a matrix of many times their size",
    **dict.fromkeys(("AffineSet", "HalfSpace", "Intersection", "Simplex"), SETS),
    "GenericIntersectionProx": "iterates over sets until a test of all samples: not yet",
    "L2Convolve": "a Fourier transform of all samples at once; L2 with Convolve1D solves by iterations",
    "L21_plus_L1": "not yet",
    "Nonlinear": "its function is the user's, who can write a ProxOperator",
    "Orthogonal": "not yet; PrimalDual and LinearizedADMM take the operator",
    "Quadratic": "not yet; L2 with q is a quadratic function of an operator's normal equations",
    "RED": "calls a denoiser with all samples at once",
    "Sum": "iterates over functions until a test of all samples: not yet",
    "AndersonProximalGradient": "keeps many models, each of the size of the problem: not yet",
    "ConsensusADMM": LISTS,
    "GeneralizedProximalGradient": LISTS,
    "PPXA": LISTS,
    "ProximalPoint": "one function alone: ProximalGradient without a second one does it",
    "TwIST": "not yet; FISTA solves the same problem",
}
# Modules of solvers that are left out, and why.
MODULES = {
    **dict.fromkeys(("bregman", "palm", "sr3"), "not yet"),
    **dict.fromkeys(
        ("cls_primal", "cls_primaldual", "basesolver", "callback"), "classes: here algorithms, and on_step"
    ),
    **dict.fromkeys(("pnp", "red"), "call a denoiser with all samples at once"),
    "segmentation": "keeps a copy of the model for each class, with a projection onto a simplex: not yet",
}
# Arguments that are left out, and why.
ARGUMENTS = {
    ("L2", "qgrad"): "the gradient is that of the function, with its linear term",
    ("L2", "x0"): "solvers give the first guess",
    ("L2", "warm"): "solvers give their last model",
    ("L2", "densesolver"): "for a matrix in memory",
    ("L2", "solver"): "conjugate gradients, as there by default",
    ("L2", "kwargs_solver"): "settings of that solver; niter is its number of steps",
    ("TV", "rtol"): "all steps are in one graph: nothing stops them",
    ("VStack", "restr"): "Blocks need no restriction",
}
# What PyProximal's base class has and ours has not, and why.
COMPOSITION = "functions here have weights and shifts as fields (sigma, g, b, q)"
MEMBERS = {
    **dict.fromkeys(("affine_addition", "postcomposition", "precomposition", "chain"), COMPOSITION),
    "H": "proxdual is the proximal operator of the conjugate",
}


def listed(home):
    return import_module(f"pyproximal.{home}").__all__


def ours(home):
    return import_module(f"pylops_distributed.optimization.{home.removeprefix('optimization.')}")


def pairs():
    """Home, name, PyProximal's object and ours, of all that both have."""
    for home in HOMES:
        for name in listed(home):
            if hasattr(ours(home), name):
                yield name, getattr(import_module(f"pyproximal.{home}"), name), getattr(ours(home), name)


def named(function):
    variable = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return {p.name: p.default for p in signature(function).parameters.values() if p.kind not in variable}


def test_every_name_is_here_or_has_a_reason():
    lacking = {name for home in HOMES for name in listed(home) if not hasattr(ours(home), name)}
    assert lacking == set(LEFT)


def test_every_module_of_solvers_is_here_or_has_a_reason():
    found = {
        n
        for n, v in vars(peer.optimization).items()
        if getattr(v, "__name__", "").startswith("pyproximal.opt")
    }
    assert found - {"primal", "primaldual"} <= set(MODULES)


def test_arguments_have_names_and_places_of_pyproximal():
    wrong, left = [], set()
    for name, theirs, mine in pairs():
        expected, found = list(named(theirs)), list(named(mine))
        left |= {(name, a) for a in expected if a not in found}
        expected = [a for a in expected if (name, a) not in ARGUMENTS]
        if found[: len(expected)] != expected:
            wrong.append(f"{name}: {expected} != {found}")
    assert not wrong, "\n".join(wrong)
    assert left == set(ARGUMENTS)


def test_arguments_have_the_defaults_of_pyproximal():
    wrong = []
    for name, theirs, mine in pairs():
        found = named(mine)
        for argument, default in named(theirs).items():
            if argument in found and not (
                default is found[argument] or bool(np.all(default == found[argument]))
            ):
                wrong.append(f"{name}({argument}={default}): {found[argument]}")
    assert not wrong, "\n".join(wrong)


def test_functions_have_the_members_of_pyproximal():
    members = {n for n in dir(peer.ProxOperator) if n[0] != "_"}
    for name, theirs, mine in pairs():
        if isclass(theirs):
            assert {n for n in members if not hasattr(mine, n)} == set(MEMBERS), name
