"""Clusters: the name of a file is the value of ``hardware``, its function ``cluster`` starts one.

Its function ``check`` rejects options that cannot work before anything is started.
"""
