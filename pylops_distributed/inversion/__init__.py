"""Linear inversions as resumable runs: assembly, identity, warm starts, forward modelling, results."""
