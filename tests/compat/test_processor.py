"""The behaviour of NumPy that this library relies on."""

import platform

from pylops_distributed.compat.numpy import cpu_features


def test_numpy_knows_the_instructions_of_the_processor():
    features = cpu_features()
    assert features
    assert set(features.values()) <= {True, False}
    if platform.machine() == "x86_64":
        assert features["SSE2"] or features["X86_V2"]
