# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .arrays import CHUNKINGS as CHUNKINGS
from .arrays import precision as precision
from .arrays import samples as samples
from .checks import Check as Check
from .operators import DTYPES as DTYPES
from .operators import OperatorCase as OperatorCase
from .operators import check_operator as check_operator
from .operators import operator_checks as operator_checks
from .solvers import SolverCase as SolverCase
from .solvers import check_solver as check_solver
from .solvers import linear_system as linear_system
from .solvers import on_dask as on_dask
from .solvers import solver_checks as solver_checks
