"""Every public name of PyLops is here too, under the same path."""

import pkgutil
from importlib import import_module
from inspect import isclass, isfunction, signature
from types import ModuleType

import pylops

import pylops_distributed

# Whole modules that are not here, and why.
MODULES = {
    "pylops.utils.decorators": "helps subclasses of PyLops' operator; here `_matvec` takes and returns N-d arrays",
    "pylops.utils.describe": "writes operators with SymPy",
    "pylops.utils.multiproc": "times PyLops' pools of processes; here Dask's schedulers run parallel work",
    "pylops.version": "written by PyLops' build",
}
# Names of these at other places, and the text that says why PyTensor is missing.
NAMES = {"scalability_test", "pytensor_message"}
# Arguments that are not here, and why.
ARGUMENTS = {
    "LinearOperator": {"Op", "shape", "dims", "dimsd"},  # spaces are in their place
    "aslinearoperator": {"Op"},  # called op
    "FunctionOperator": {"kwargs"},  # dtype and name, by name
}


def public(module):
    """Names that a module of PyLops offers: those it lists, or else those it defines or gathers."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return set(listed)
    values = vars(module).items()
    if module.__name__ == "pylops" or hasattr(module, "__path__"):
        return {n for n, v in values if n[0] != "_" and not isinstance(v, ModuleType)} - {"logging"}
    return {n for n, v in values if n[0] != "_" and getattr(v, "__module__", None) == module.__name__}


def modules():
    """PyLops' public modules."""
    names = (m.name for m in pkgutil.walk_packages(pylops.__path__, "pylops."))
    return ["pylops", *(name for name in names if not any(part[0] == "_" for part in name.split(".")))]


def pairs():
    """Each of PyLops' modules and ours of that name, or None."""
    for name in modules():
        try:
            ours = import_module(name.replace("pylops", pylops_distributed.__name__, 1))
        except ModuleNotFoundError:
            ours = None
        yield name, import_module(name), ours


def test_every_public_name_of_pylops_is_here():
    missing = {name for name, _, ours in pairs() if ours is None}
    assert missing == set(MODULES)
    lacking = {
        (name, n) for name, theirs, ours in pairs() if ours is not None
        for n in public(theirs) if not hasattr(ours, n)
    }  # fmt: skip
    assert {n for _, n in lacking} <= NAMES, lacking
    assert {n for _, n in lacking} == NAMES


def test_arguments_have_the_names_and_the_order_of_pylops():
    wrong = []
    for name, theirs, ours in pairs():
        for n in public(theirs) if ours is not None else ():
            peer, mirror = getattr(theirs, n), getattr(ours, n, None)
            if not (isfunction(peer) or isclass(peer)) or mirror is peer or mirror is None:
                continue
            expected, found = list(signature(peer).parameters), list(signature(mirror).parameters)
            kept = [p for p in expected if p not in ARGUMENTS.get(n, ())]
            if [p for p in found if p in kept] != kept:
                wrong.append(f"{name}.{n}: {kept} != {found}")
    assert not wrong, "\n".join(wrong)
