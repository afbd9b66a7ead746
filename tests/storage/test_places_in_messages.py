"""Places in messages are paths that can be pasted: with blanks, signs and letters as they are."""

import pytest

from pylops_distributed.errors import RunBusyError, RunMismatchError
from pylops_distributed.storage.run import Run


def test_errors_name_the_path_as_it_is(tmp_path):
    place = tmp_path / "мой 100% дир" / "run.zarr"
    run = Run.create_or_open(place, identity={"a": 1})
    with pytest.raises(RunMismatchError) as mismatch:
        Run.create_or_open(place, identity={"a": 2})
    with run.attempt(), pytest.raises(RunBusyError) as busy, run.attempt():
        pass
    with pytest.raises(FileNotFoundError) as absent:
        Run.open(place.with_name("other 2.zarr"))
    for error, path in ((mismatch, place), (busy, place), (absent, place.with_name("other 2.zarr"))):
        assert str(path) in str(error.value)
        assert "%20" not in str(error.value)
