"""Names that are kept with runs are listed: code may be renamed, they may not.

They are listed here, in the case of a solver (`optimization/solvers.py`), and in `golden/names`: all of them, so that
a new one is listed from the day it is stored.
"""

from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
from names_in_tokens import NAMES, names
from solvers import STORED

from pylops_distributed.execution.state import State
from pylops_distributed.problems.registry import PROBLEMS
from pylops_distributed.settings.solver_settings import ALGORITHMS
from pylops_distributed.storage import source_code, stored_names
from pylops_distributed.storage.content_digest import token

LSQR = (
    "model left_vector right_vector search_direction alfa beta bnorm arnorm0 rhobar phibar anorm ddnorm res2 xxnorm "
    "rotated_z cs2 sn2 live acond arnorm xnorm r1norm r2norm cost"
)
NESTED = "kold kfirst outer inner restart cost update"
BREGMAN = (
    "model inner_model search_direction system_residual split bregman kold kfirst outer sweep inner restart cost "
    "costdata update"
)
STATES = {
    "ADMMState": "model split_model dual gap cost change",
    "CGLSState": "model data_residual search_direction kold kfirst cost cost1",
    "CGState": "model residual search_direction kold kfirst cost",
    "FISTAState": (
        "model alpha count normres grown xupdate cost extrapolated_model data_residual extrapolated_residual momentum"
    ),
    "IRLSModelState": f"model inner_model weights search_direction residual {NESTED}",
    "IRLSState": f"model inner_model search_direction weighted_residual weights {NESTED}",
    "ISTAState": "model alpha count normres grown xupdate cost",
    "LSMRState": (
        "model left_vector right_vector search_direction orthogonal_direction alfa beta normb normx zetabar alphabar "
        "rho rhobar cbar sbar betadd betad rhodold tautilde thetatilde zeta rotated_d norma2 maxrbar minrbar live "
        "normr normar norma conda"
    ),
    "LSQRState": LSQR,
    "LSQRVarState": f"{LSQR} variance",
    "LinearizedADMMState": "model transformed_model split dual gap cost change",
    "MPState": "model residual rank count cost",
    "OMPState": (
        "model inner_model search_direction inner_residual adjoint_data rank kold kfirst outer inner restart cost"
    ),
    "PowerIterationState": "model eigenvalue size change",
    "PreconditionedLSQRState": f"{LSQR} dual_vector",
    "PrimalDualState": "model extrapolated_model dual update cost change",
    "ProximalGradientState": "model extrapolated_model tau momentum count tries update cost change",
    "RestartedState": f"{BREGMAN} initial_model initial_image",
    "SPGL1State": (
        "model residual gradient tau single bnorm half_square fold last0 last1 last2 gstep step_length scale snorm "
        "nsafe trials phase step_max errors updated newton niters stat rnorm rgap gnorm xnorm g2"
    ),
    "ScipyCGState": "model residual search_direction kold kfirst cost bnorm",
    "SplitBregmanState": BREGMAN,
}
SOLVERS = (
    "adaptiveprimaldual admm admml2 cg cgls douglasrachford fista hqs hybridlsqr irls irlsmodel ista linearizedadmm "
    "lsmr lsqr mp omp primaldual proximalgradient spgl1 splitbregman"
)
LISTED_PROBLEMS = [
    "deblurring",
    "interpolation",
    "linear",
    "lsm",
    "marchenko",
    "mdd",
    "mri",
    "poststack",
    "prestack",
]
PACKAGE = "pylops_distributed.optimization.algorithms"


def derived(form):
    for one in form.__subclasses__():
        yield one
        yield from derived(one)


def test_states_and_their_arrays_keep_their_names():
    for path in Path(import_module(PACKAGE).__path__[0]).glob("*.py"):
        import_module(f"{PACKAGE}.{path.stem}")
    ours = {one for one in derived(State) if one.__module__.startswith("pylops_distributed.")}
    assert all("kind" in vars(one) for one in ours)
    arrays = {
        one.kind: " ".join(f.metadata["name"] for f in fields(one) if "name" in f.metadata) for one in ours
    }
    assert not STATES.keys() & STORED.keys()
    assert arrays == STATES | STORED


def test_a_custom_state_is_stored_under_its_class_or_the_name_it_chooses():
    class Plain(State):
        pass

    class Renamed(Plain):
        kind = "Plain"

    assert (Plain.kind, Renamed.kind, type("More", (Renamed,), {}).kind) == ("Plain", "Plain", "More")


def test_solvers_and_problems_keep_their_names():
    assert sorted(ALGORITHMS) == SOLVERS.split()
    assert sorted(PROBLEMS) == sorted(LISTED_PROBLEMS)


def test_names_in_tokens_are_those_of_stored_runs():
    now, listed = set(names()), set(NAMES.read_text().split())
    missing = sorted(listed - now)
    assert not missing, "moved or renamed: add them to pylops_distributed/storage/stored_names.py"
    # The names of a new file are listed by its case: tokens hold them from its first run on.
    files = {name.partition(":")[0] for name in listed}
    unlisted = sorted(name for name in now - listed if name.partition(":")[0] in files)
    assert not unlisted, "new: write tests/golden/names anew, as tests/storage/names_in_tokens.py says"


@pytest.mark.parametrize("row", ["module", "function"])
def test_a_moved_function_keeps_its_token(monkeypatch, row):
    function = stored_names.stored_name
    before = token(function)
    monkeypatch.setattr(function, "__module__", "pylops_distributed.elsewhere")
    monkeypatch.setattr(function, "__qualname__", "renamed" if row == "function" else function.__qualname__)
    assert token(function) != before
    old = "pylops_distributed.storage.stored_names"
    lines = {
        "module": {"pylops_distributed.elsewhere": old},
        "function": {"pylops_distributed.elsewhere:renamed": f"{old}:stored_name"},
    }
    monkeypatch.setattr(stored_names, "STORED", lines[row])
    assert token(function) == before
    assert source_code.stored_name is function
