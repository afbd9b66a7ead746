"""A PostgreSQL server for Prefect, for as long as `pld up` runs: SQLite has one writer at a time.

The system's PostgreSQL is used. What PyPI has of it lacks the extension ``pg_trgm``, which Prefect's tables need.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "prefect"
ACCOUNT = "postgres"  # that root starts it as: PostgreSQL rejects root
PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")
INSTALL = "install PostgreSQL (apt install postgresql, brew install postgresql), or name a server's URL"


@contextmanager
def database_url(database: str | None, folder: Path) -> Iterator[str | None]:
    """Yield the URL of a database for Prefect's server.

    Parameters
    ----------
    database : str or None
        ``"postgres"`` for a PostgreSQL server that is started here, a URL of one that runs, or None for SQLite.
    folder : Path
        Where a server that is started here keeps its data; it is made if it does not exist. Root's is in the home of
        the account ``postgres``.

    Yields
    ------
    str or None
        The URL, for SQLAlchemy; None for Prefect's default.

    Raises
    ------
    ValueError
        If it is neither a known name nor the URL of a PostgreSQL server.
    FileNotFoundError
        If PostgreSQL is not installed.
    RuntimeError
        If PostgreSQL does not start.
    """
    if database in (None, "sqlite"):
        yield None
    elif database == "postgres":
        with _running(data_folder(folder)) as url:
            yield url
    elif database.startswith(("postgresql://", "postgres://", "postgresql+asyncpg://")):
        yield f"postgresql+asyncpg://{database.partition('://')[2]}"
    else:
        raise ValueError(
            f"the database {database!r} is not known: expected sqlite, postgres, or postgresql://USER:PASSWORD@HOST/NAME"
        )


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    """A server that listens on a socket in a private folder, and nowhere else."""
    data, programs = folder / "data", _programs()
    folder.mkdir(parents=True, exist_ok=True)
    _own(folder)
    if not (data / "PG_VERSION").exists():
        _create(programs, folder, data)
    sockets = _sockets_of_running(data)
    if sockets is None:
        sockets = tempfile.mkdtemp(prefix="pld-postgres-")
        _own(Path(sockets))
        _call([programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o",
               f"-c listen_addresses='' -c unix_socket_directories='{sockets}'", "start"], folder / "log")  # fmt: skip
    try:
        yield f"postgresql+asyncpg://{USER}@/postgres?host={sockets}"
    finally:
        _call([programs / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop"], folder / "log")
        shutil.rmtree(sockets, ignore_errors=True)


def data_folder(folder: Path) -> Path:
    """Return the folder or, for root, one in the home of the account that runs PostgreSQL, which reaches no other."""
    if os.geteuid() != 0:
        return folder
    mark = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    return Path(f"~{ACCOUNT}").expanduser() / f"pylops-distributed-{mark}"


def _programs() -> Path:
    """Folder of PostgreSQL's programs, of the newest version if there are several."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    installed = [path for place in PLACES for path in Path(place).glob("*/bin/pg_ctl")]
    if not installed:
        raise FileNotFoundError(f"pg_ctl was not found: {INSTALL}")
    return max(installed, key=os.path.getmtime).parent


def _create(programs: Path, folder: Path, data: Path) -> None:
    """Make an empty database; one that was interrupted is made anew."""
    new = folder / "data.new"
    shutil.rmtree(new, ignore_errors=True)
    options = (
        "-U",
        USER,
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    )  # nobody else can reach the socket
    _call([programs / "initdb", "-D", new, *options], folder / "log")
    new.rename(data)


def _sockets_of_running(data: Path) -> str | None:
    """Where the server of an earlier `pld up`, which was killed, still listens.

    Relies on: the first line of ``postmaster.pid`` is the process, the fifth one its folder of sockets.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), 0)
        return lines[4]
    except (OSError, ValueError, IndexError):
        return None


def _own(folder: Path) -> None:
    folder.chmod(0o700)
    if os.geteuid() == 0:
        try:
            shutil.chown(folder, ACCOUNT)
        except LookupError:
            raise RuntimeError(
                f"PostgreSQL does not run as root, and there is no account {ACCOUNT!r}: run as another user"
            ) from None


def _call(command: list[str | Path], log: Path) -> None:
    done = subprocess.run(
        list(map(str, command)), user=ACCOUNT if os.geteuid() == 0 else None, cwd="/", capture_output=True, text=True,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(
            f"{Path(command[0]).name} failed with code {done.returncode} (its log: {log}): "
            f"{(done.stderr or done.stdout).strip()}"
        )
