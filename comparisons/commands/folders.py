"""Folders that a command writes into, checked before it computes for hours."""

import contextlib
import os
from pathlib import Path


def require_writable(folder: Path, option: str) -> None:
    """Raise `ValueError` unless a folder can be written, or made: what exists of its path must be a writable folder."""
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            folder.stat()
        there = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
        is_folder = there.resolve(strict=True).is_dir()
    except (OSError, RuntimeError) as error:  # a loop of links, or a name that the file system does not take
        reason = getattr(error, "strerror", None) or "a loop of links"
        raise ValueError(f"{option} must be a folder; got {str(folder)[:200]!r} ({reason})") from None
    if not is_folder:
        raise ValueError(f"{option} must be a folder; {str(there)!r} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f"{option} must be a folder that can be written; {str(there)!r} cannot. Choose another one")
