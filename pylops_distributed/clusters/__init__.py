"""Clusters: each kind is a file with a :class:`~pylops_distributed.clusters.options.ClusterKind`, listed by ``HARDWARE``.

It starts clusters, and checks options before anything is started.
"""
