"""Public signatures say in words which shapes their arrays have, which their types leave open."""

import inspect
import pkgutil
import re
from importlib import import_module

import pytest
from numpydoc.docscrape import NumpyDocString

import pylops_distributed as pld

ARRAYS = re.compile(r"\b(?:NDArray|Array|ArrayLike|Vector|VectorLike|BlockVector)\b")
# A shape, that of something else, or another function whose documentation says it.
SHAPES = re.compile(
    r"\bshape[sd]?\b|``dimsd?``|\blaid out\b|\b0-d(?:imensional)?\b"
    r"|\bas (?:of |from )?:(?:func|class|meth):|\b(?:are|is|as) those of :(?:func|class|meth):",
    re.IGNORECASE,
)
ARRAYS_IN_WORDS = re.compile(r"array|Array|Blocks")
EXCEPTIONS = {
    "LinearMap.cast_output": "a hook that only operators call: what `apply` and `apply_adjoint` return",
    "LinearMap.matmat": "its first line says the shape of `X`",
}
# Steps of solvers: `Solver` (optimization/session.py) says their shapes once for all.
STEPS = ("init", "step")


def public():
    """Public functions, classes and methods of the package and its packages, by name: docstring and function."""
    modules = [pld, *(import_module(m.name) for m in pkgutil.walk_packages(pld.__path__, f"{pld.__name__}.")
                      if m.ispkg)]  # fmt: skip
    things = {getattr(m, name) for m in modules for name in getattr(m, "__all__", ())
              if inspect.isroutine(getattr(m, name)) or inspect.isclass(getattr(m, name))}  # fmt: skip
    for thing in things:
        if not thing.__module__.startswith(pld.__name__):
            continue
        yield thing.__qualname__, inspect.getdoc(thing), thing.__init__ if inspect.isclass(thing) else thing
        for name in dir(thing) if inspect.isclass(thing) else ():
            # What overrides a method is as the method says.
            member = next(vars(c)[name] for c in reversed(thing.__mro__) if name in vars(c))
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            ours = inspect.isfunction(function) and function.__module__.startswith(pld.__name__)
            if ours and not name.startswith("_") and name not in STEPS:
                yield function.__qualname__, inspect.getdoc(member), function


def descriptions(text):
    """The summary of a docstring, and by name what its sections say of parameters and results."""
    doc = NumpyDocString(text or "")
    summary = " ".join(doc["Summary"] + doc["Extended Summary"])
    parts = {"return": []}
    for section in ("Parameters", "Attributes"):
        for entry in doc[section]:
            for name in re.split(r",\s*", entry.name):
                parts.setdefault(name.lstrip("*"), []).append(" ".join([entry.type, *entry.desc]))
    for entry in doc["Returns"]:
        words = " ".join([entry.name, entry.type, *entry.desc])
        if ARRAYS_IN_WORDS.search(entry.type) or SHAPES.search(words):
            parts["return"].append(words)
    return summary, parts


def without_shape(text, annotations):
    """Names of the parameters (and ``return``) that are arrays, and of which a docstring says no shape."""
    summary, parts = descriptions(text)
    for name, annotation in annotations.items():
        if ARRAYS.search(str(annotation)) and "Callable" not in str(annotation):
            words = parts.get(name) or [summary]
            if not all(SHAPES.search(each) for each in words):
                yield name


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Forward.", ["x", "return"]),
        ("Forward of an array of shape ``dims``.", []),
        ("Forward.\n\nParameters\n----------\nx : array\n    Model, of shape ``(n,)``.", ["return"]),
        ("Forward, shaped as it came.\n\nParameters\n----------\nx : array\n    Model.", ["x"]),
        ("Forward, as those of :func:`f`.", []),
        ("Shape.\n\nReturns\n-------\ny : Array\n    Of shape ``(n,)``.\nz : Array\n    Rest.", ["return"]),
    ],
)
def test_what_lacks_a_shape_is_found(text, missing):
    assert list(without_shape(text, {"x": "da.Array | None", "n": "int", "return": "Vector"})) == missing


def test_public_signatures_name_the_shapes_of_their_arrays():
    lacking = {
        f"{function.__module__}:{name}": missing
        for name, text, function in public()
        if name not in EXCEPTIONS
        and (missing := list(without_shape(text, getattr(function, "__annotations__", {}))))
    }
    assert not lacking, "\n".join(
        f"{name}: {', '.join(missing)}" for name, missing in sorted(lacking.items())
    )
