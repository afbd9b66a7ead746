"""Calls in the style of PyLops 1 name the call to write."""

import numpy as np
import pytest

import pylops_distributed as pld

CALLS = {
    "FirstDerivative((8, 6), axis=0)": lambda: pld.FirstDerivative(48, dims=(8, 6), dir=0),
    "Roll((8, 6), axis=1)": lambda: pld.Roll(48, (8, 6), dir=1),
    "Flip((8, 6), axis=0)": lambda: pld.Flip(48, dims=(8, 6), dir=0),
    "Flip((8, 6), 0)": lambda: pld.Flip(48, (8, 6), 0),
    "Restriction((8, 6), [1, 2], axis=0)": lambda: pld.Restriction(48, [1, 2], dims=(8, 6), dir=0),
    "Convolve1D((8, 6), [1, 2, 1], axis=0)": lambda: pld.signalprocessing.Convolve1D(
        48, [1, 2, 1], dims=(8, 6), dir=0
    ),
    "FFT((8, 6), axis=1)": lambda: pld.signalprocessing.FFT((8, 6), dir=1),
    "FFT2D((8, 6), axes=(0, 1))": lambda: pld.signalprocessing.FFT2D((8, 6), dirs=(0, 1)),
    "Flip(dims=8)": lambda: pld.Flip(N=8),
    "Identity(4)": lambda: pld.Identity(4, todask=(True, False)),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_call_to_write_is_named(call):
    with pytest.raises(TypeError) as caught:
        CALLS[call]()
    assert str(caught.value).endswith(f"; write {call}")


def test_calls_of_today_are_taken():
    assert pld.Identity(4, 3).shape == pld.Identity(N=4, M=3).shape == (4, 3)
    assert pld.Flip(4, 0).shape == (4, 4)
    assert pld.Diagonal(np.ones(3), dims=(2, 3)).shape == (6, 6)
    assert pld.Pad(4, (1, 2)).shape == (7, 4)
