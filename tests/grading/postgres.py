"""A PostgreSQL server of the tests' own, on loopback, from the binaries that Debian installs."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

USER = "teacher"


def binaries() -> Path | None:
    """Give the folder with initdb and pg_ctl, ``None`` where there is no PostgreSQL."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).resolve().parent if found else debian[-1].parent if debian else None


class Server:
    """A server with a password, and an empty database for whoever asks; stopped and started at will."""

    def __init__(self) -> None:
        place = binaries()
        assert place is not None
        self._bin, self.password = place, f"Pw-{secrets.token_hex(8)}"
        self._account: str | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="course-postgres-", dir="/tmp"))
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            names = {each.pw_name for each in pwd.getpwall()}
            self._account = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self._folder, self._account)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        (self._folder / "word").write_text(self.password)
        (self._folder / "word").chmod(0o644)
        self._run(
            "initdb",
            "-D",
            "data",
            "-U",
            USER,
            "-A",
            "scram-sha-256",
            "--pwfile",
            "word",
            "-E",
            "UTF8",
        )
        self.start()

    def url(self, database: str, *, password: str | None = None) -> str:
        """Give a database's URL."""
        return f"postgresql+psycopg://{USER}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def make_database(self) -> str:
        """Make an empty database; give its URL."""
        import psycopg

        name = f"class_{secrets.token_hex(4)}"
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as it:
            it.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def start(self) -> None:
        """Start it; it lets people in when this returns."""
        # No socket file, and no waiting for the disk: nothing here outlives the tests.
        options = f"-p {self.port} -h 127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-t", "120", "-D", "data", "-l", "log", "-o", options)

    def stop(self, how: str = "fast") -> None:
        """Stop it: ``fast`` shows everybody out, ``immediate`` is as a power failure."""
        self._run("pg_ctl", "stop", "-w", "-t", "120", "-m", how, "-D", "data")

    def close(self) -> None:
        """Stop it and leave nothing."""
        with suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        for _ in range(20):
            shutil.rmtree(self._folder, ignore_errors=True)
            if not self._folder.exists():
                return
            time.sleep(0.1)

    def _run(self, program: str, *arguments: str) -> None:
        # The server inherits these, and a pipe that it held open would keep us waiting.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                cwd=self._folder,
                user=self._account,
                group=None if self._account is None else pwd.getpwnam(self._account).pw_gid,
                extra_groups=None if self._account is None else [],
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
            )
            said.seek(0)
            assert done.returncode == 0, said.read().decode()[-2000:]
