"""The command line: ``pylops-distributed``, short ``pld``."""
