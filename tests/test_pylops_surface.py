"""PyLops' whole surface is here, by introspection: paths, names, arguments, defaults, members, attributes, results."""

import pkgutil
from functools import cache, cached_property
from importlib import import_module
from inspect import Parameter, getattr_static, isclass, isfunction, ismodule, signature
from types import ModuleType

import numpy as np
import pylops
import pytest
from cases import CASES
from surface_calls import CALLS, answer

import pylops_distributed as pld

# Differences from PyLops, and why.
MODULES = {"pylops.version": "written by PyLops' build"}
DEFAULTS = {
    (
        "basicoperators.regression.Regression.apply",
        "x",
    ): "without x it is the forward, as apply is of all operators",
    ("basicoperators.linearregression.LinearRegression.apply", "x"): "the same",
    ("optimization.cls_sparsity.FISTA.step", "z"): "the solver keeps it",
    ("optimization.cls_sparsity.OMP.finalize", "x"): "the solver keeps it",
    ("optimization.cls_sparsity.OMP.finalize", "cols"): "the solver keeps them",
}
MEMBERS = {
    ("Solver", name): "abstract there; here each solver's class has it, with its own arguments"
    for name in ("setup", "step", "run", "solve")
}
KERNEL = "of PyLops' kernel; ours is another"
ATTRIBUTES = {
    **dict.fromkeys(("convolve", "correlate", "ncp", "kwargs_cuda", "predict"), "functions " + KERNEL),
    **dict.fromkeys(("Op", "args", "PadOp", "ShiftOp", "ShiftOps"), "operators " + KERNEL),
    **dict.fromkeys(
        ("mode", "dimsflatten", "dimsdflatten", "shifts", "diff", "GT"), "arrays and cases " + KERNEL
    ),
    **dict.fromkeys(
        ("six", "rix", "itrav", "travd", "maxdist", "angle_srcs", "angle_recs"), "tables " + KERNEL
    ),
    **dict.fromkeys(("aperture", "aperturetap", "angleaperture"), "tables " + KERNEL),
    **dict.fromkeys(
        ("inplace", "usematmul"), "arguments taken for compatibility, without a meaning for chunks"
    ),
    **dict.fromkeys(("ndim", "reshape"), "NumPy and PyLops would take the operator for an array"),
    "lock": "of PyLops' pool of threads",
}
# Function modules that hand on the classes and callbacks of their neighbours; other modules import for their own use.
HANDED_ON = {f"pylops.optimization.{name}" for name in ("basic", "leastsquares", "sparsity", "callback")}
ON_INSTANCES = {"name", "clinear", "explicit", "forceflat", "dtype", "shape"}


def modules():
    """PyLops' public modules."""
    names = (m.name for m in pkgutil.walk_packages(pylops.__path__, "pylops."))
    return ["pylops", *(name for name in names if not any(part[0] == "_" for part in name.split(".")))]


def mirror_of(module):
    """Our module of the same path, or None."""
    try:
        return import_module(module.replace("pylops", pld.__name__, 1))
    except ModuleNotFoundError as error:
        if not error.name.startswith(pld.__name__):
            raise
        return None


def home(value):
    """The module of PyLops in which something is defined; None for others."""
    module = getattr(value, "__module__", None) or ""
    return module if (isfunction(value) or isclass(value)) and module.startswith("pylops.") else None


def public(module):
    """Names that a module of PyLops offers: those it lists, defines, or, being a package, gathers."""
    name = module.__name__
    values = {n: v for n, v in vars(module).items() if n[0] != "_"}
    own = {n for n, v in values.items() if home(v) == name or (home(v) and name in HANDED_ON)}
    own = {
        n for n in own if home(values[n]).startswith(("pylops.optimization", "pylops.utils.metrics", name))
    }
    if hasattr(module, "__path__"):
        own |= {n for n, v in values.items() if (home(v) or "").startswith(f"{name}.")}
        own |= {n for n, v in values.items() if ismodule(v) and v.__name__ == f"{name}.{n}"}
    return own | set(getattr(module, "__all__", ()))


@cache
def pairs():
    """Path, PyLops' object and ours, of each public function and class where it is defined."""
    found = []
    for name in modules():
        theirs, ours = import_module(name), mirror_of(name)
        for n in sorted(public(theirs)) if ours is not None else ():
            value = getattr(theirs, n)
            if home(value) == name and hasattr(ours, n):
                found.append((f"{name}.{n}".partition(".")[2], value, getattr(ours, n)))
    return found


def callables():
    """Path, PyLops' and ours, of each function, class and method that has a signature and differs."""
    for path, theirs, ours in pairs():
        if theirs is not ours:
            yield path, theirs, ours
            if isclass(theirs):
                for n, member in members(theirs):
                    if isfunction(member) and hasattr(ours, n):
                        yield f"{path}.{n}", getattr(theirs, n), getattr(ours, n)


def members(cls):
    """Public members of a class of PyLops, by name."""
    names = [n for n in dir(cls) if n[0] != "_" and n not in dir(object)]
    return [(n, getattr_static(cls, n)) for n in names]


def is_property(member):
    """Whether a member is one of instances."""
    return isinstance(member, property | cached_property)


def named(function):
    """Parameters that can be given by name or place."""
    variable = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return {p.name: p for p in signature(function).parameters.values() if p.kind not in variable}


def same(a, b):
    """Whether two defaults are the same, or functions of one name."""
    if callable(a) and callable(b):
        return a.__name__ == b.__name__
    return a is b or repr(a) == repr(b) or bool(np.all(a == b))


def test_every_module_is_here():
    assert {name for name in modules() if mirror_of(name) is None} == set(MODULES)


def test_every_public_name_is_here():
    lacking = {
        f"{name}.{n}" for name in modules() if (ours := mirror_of(name)) is not None
        for n in public(import_module(name)) if not hasattr(ours, n)
    }  # fmt: skip
    assert lacking == set(MODULES)


def test_names_of_packages_are_listed():
    """So that type checkers, ``dir`` and completion know them, too."""
    for name in modules():
        theirs, ours = import_module(name), mirror_of(name)
        if ours is not None and hasattr(theirs, "__path__"):
            values = {n for n in public(theirs) if not isinstance(getattr(theirs, n), ModuleType)}
            assert values <= set(dir(ours)), name


def test_arguments_have_names_and_places_of_pylops():
    wrong = []
    for path, theirs, ours in callables():
        expected, found = list(named(theirs)), list(named(ours))
        if found[: len(expected)] != expected:
            wrong.append(f"{path}: {expected} != {found}")
    assert not wrong, "\n".join(wrong)


def test_arguments_have_the_defaults_of_pylops():
    wrong = []
    for path, theirs, ours in callables():
        mine = named(ours)
        for name, parameter in named(theirs).items():
            if (
                name in mine
                and (path, name) not in DEFAULTS
                and not same(parameter.default, mine[name].default)
            ):
                wrong.append(f"{path}({name}={parameter.default}): {mine[name].default}")
    assert not wrong, "\n".join(wrong)


def test_classes_have_the_members_of_pylops():
    wrong = [
        f"{path}.{n}" for path, theirs, ours in pairs() if isclass(theirs) and isclass(ours)
        for n, member in members(theirs)
        if not (hasattr(ours, n) or is_property(member) or (path.rpartition(".")[2], n) in MEMBERS)
    ]  # fmt: skip
    assert not wrong, wrong


def described(case):
    """Whether PyLops' operator is of the class that the case names, and not of one that a function made it of."""
    return (
        type(case.counterpart(case.usual)).__name__.lstrip("_").partition("_")[0]
        in case.name.partition("-")[0]
    )


@pytest.mark.parametrize("case", [c for c in CASES if c.reference], ids=lambda case: case.name)
def test_operators_have_the_attributes_of_pylops(case):
    theirs, ours = case.counterpart(case.usual), case.operator(case.usual)
    names = set(ON_INSTANCES)
    if described(case):
        names |= {n for n in vars(theirs) if n[0] != "_"}
        names |= {n for n, member in members(type(theirs)) if is_property(member)}
    assert not {n for n in names - set(ATTRIBUTES) if not hasattr(ours, n)}
    assert not hasattr(ours, "ndim")


@pytest.mark.parametrize("name", CALLS)
def test_functions_return_what_those_of_pylops_do(name, capsys):
    assert answer(name, pld) == answer(name, pylops)


def test_every_function_of_ours_is_called():
    functions = {path for path, theirs, ours in pairs() if isfunction(theirs) and theirs is not ours}
    assert functions - {"optimization.sparsity.spgl1"} == set(CALLS)  # PyLops' needs a package
