# The names of this package, for type checkers and for lazy loading; see SPEC 1.
from .ct import CT2D as CT2D
from .mri import MRI2D as MRI2D
