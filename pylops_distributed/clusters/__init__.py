"""Clusters: each kind is a file with a ``ClusterKind``, which ``HARDWARE`` lists.

It starts clusters, and checks their options before anything is started.
"""
