"""Settings that several problems share: variables of a dataset, wavelets, operators."""
