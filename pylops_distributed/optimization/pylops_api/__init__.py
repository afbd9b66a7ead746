"""The classes behind :mod:`pylops_distributed.optimization.cls_sparsity`."""
