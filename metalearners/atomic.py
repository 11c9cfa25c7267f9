"""Atomic file writes: a file is either complete or absent."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that no reader ever sees a partial file, even after a crash.

    The content goes to a temporary file in the same folder, which then replaces `path`. Raises `OSError` (naming the
    path) if the disk is full or the folder cannot be written. In that case the previous file at `path` is unchanged and
    no temporary file is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise OSError(
                error.errno, f"could not write {len(content):,} bytes: {error.strerror}", str(path)
            ) from error
        raise


def _umask() -> int:
    """Return the permissions that new files do not get. The mask can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
