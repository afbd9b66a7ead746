"""Undocumented parts of :mod:`dask_jobqueue`; ``tests/compat/test_jobqueue.py`` has a test for each entry."""

from __future__ import annotations


class DeletesKeyFiles:
    """Mixed into a cluster of :mod:`dask_jobqueue`: deletes the files of its TLS key when it closes.

    Dask deletes them when the cluster is collected, which may be late.

    Relies on: a cluster closes by the coroutine ``_close``; it writes a temporary certificate to the temporary files
    ``_job_ca_file``, ``_job_cert`` and ``_job_key``, which are deleted when they are closed.
    """

    async def _close(self) -> None:
        await super()._close()  # type: ignore[misc]
        for part in ("ca_file", "cert", "key"):
            if (file := getattr(self, f"_job_{part}", None)) is not None:
                file.close()
