# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .operator import LinearOperator as LinearOperator
from .operator import aslinearoperator as aslinearoperator
