"""The directory of an embedded mongod: its files, its locks and its Unix socket."""

import errno
import hashlib
import os
import socket
import tempfile
from fcntl import LOCK_NB, LOCK_SH, flock
from pathlib import Path

from hostaway_message_db.errors import DatabaseUnavailable


class Home:
    """What lies in `data_dir/mongodb`, which only its owner may enter."""

    def __init__(self, data_dir: Path) -> None:
        """Name the paths; nothing is created yet. Raises `OSError` for a loop of links."""
        try:
            self.directory = (data_dir / "mongodb").resolve()
            self.data = (self.directory / "data").resolve()
        except RuntimeError as error:  # Python before 3.13 has it so
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
        self.log = self.directory / "mongod.log"
        self.users_lock = self.directory / "users.lock"
        self.start_lock = self.directory / "start.lock"
        self.server_lock = self.directory / "server.lock"
        self.supervisor_lock = self.directory / "supervisor.lock"
        self._address = self.directory / "address"

    def create(self) -> None:
        """Create the directories, or make them private; raises `OSError`."""
        make_private(self.directory)
        make_private(self.data)

    def log_size(self) -> int:
        """Return the length of the log in bytes; 0 while there is none."""
        return self.log.stat().st_size if self.log.exists() else 0

    def choose_socket(self) -> Path:
        """Choose where the socket will be and publish it for those who join.

        Beside the data where a socket can be; where the path is too long (107 bytes,
        103 on macOS), has a comma (mongod would split it) or is on a file system
        without sockets, in a private directory of this user's below the temporary one.
        Call it under `start.lock` and with no server running. Raises
        `DatabaseUnavailable` when neither place will do.
        """
        chosen = self.directory / "mongod.sock"
        published = chosen.name
        if not _can_hold(chosen):
            chosen = self._socket_elsewhere()
            published = str(chosen)
        draft = self._address.with_suffix(".new")
        draft.write_text(published, encoding="utf-8", errors="surrogateescape")
        draft.replace(self._address)
        return chosen

    def published_socket(self) -> Path:
        """Return where the running server's socket is; TMPDIR may differ between users."""
        try:
            published = self._address.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            published = "mongod.sock"
        return self.directory / published

    def _socket_elsewhere(self) -> Path:
        directory = Path(tempfile.gettempdir()) / f"hostaway-message-db-{os.geteuid()}"
        name = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        try:
            make_private(directory)
            usable = _can_hold(directory / f"{name}.sock")
        except OSError as error:
            raise _no_place_for_socket(directory, error.strerror or str(error)) from error
        if not usable:
            raise _no_place_for_socket(directory, "it cannot hold a Unix socket")
        return directory / f"{name}.sock"


def make_private(directory: Path) -> None:
    """Create a directory that only its owner may enter, or make sure that it is one.

    Raises `OSError`; with EPERM when it is somebody else's, or a link.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = directory.lstat()
    if directory.is_symlink() or state.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "it belongs to another user", str(directory))
    if state.st_mode & 0o077:
        directory.chmod(0o700)


def open_lock(path: Path) -> int:
    """Open a lock's file, not inherited by programs started later; raises `OSError`."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, kind: int) -> bool:
    """Take a lock (LOCK_SH or LOCK_EX) if that is possible at once."""
    try:
        flock(descriptor, kind | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds this lock exclusively; raises `OSError`."""
    descriptor = open_lock(path)
    try:
        return not try_lock(descriptor, LOCK_SH)
    finally:
        os.close(descriptor)


def _can_hold(path: Path) -> bool:
    """Tell whether a socket can be bound here, by doing so; a stale one is removed."""
    if "," in str(path):
        return False
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(os.fsencode(path))
        except OSError:
            return False
    path.unlink()
    return True


def _no_place_for_socket(directory: Path, reason: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The embedded MongoDB cannot have its Unix socket in {directory}: {reason}.",
        "Set DATA_DIR to a shorter path on a local disk, or TMPDIR to a directory of yours.",
    )
