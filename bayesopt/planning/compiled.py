"""The decorator of planning kernels: loops over belief states, compiled by numba for the CPU and cached on disk.

A kernel takes arrays and numbers only. numba recompiles a kernel when its own file changes, but not when the file of
another kernel that it calls changes. Kernels that call each other therefore live in one file.

The cache is a convenience: where none can be written or read, kernels are compiled in memory. numba's own cache raises
errors there, trusts damaged files, and two processes that write at the same time can exchange each other's machine
code, because its index and its data are separate files. Here every variant of a kernel has one file with a checksum.
"""

import contextlib
import hashlib
import inspect
import os
import pickle
import uuid
from collections.abc import Callable
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

_DIGEST_SIZE = 32


def compiled(function: Callable[..., Any]) -> Any:
    """Return the function as machine code: compiled at the first call for its argument types, cached afterwards."""
    plain = inspect.unwrap(function)
    kernel: Any = numba.njit(plain)
    with contextlib.suppress(RuntimeError):  # no folder for a cache can be written
        kernel._cache = _KernelCache(plain)
    return kernel


class _KernelCache(FunctionCache):
    """numba's cache of a function, with files of our own."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        base = os.path.join(self._cache_path, self._impl.filename_base)
        self._cache_file = _CacheFiles(base, (numba.__version__, self._impl.locator.get_source_stamp()))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save machine code if the folder can be written, which another user or a full disk may prevent."""
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)


class _CacheFiles:
    """One file for each variant of a kernel, replaced as a whole."""

    def __init__(self, base: str, stamp: object) -> None:
        self._base, self._stamp = base, stamp

    def load(self, key: object) -> Any:
        """Return what was saved, or `None` if the file is missing, unreadable, damaged or of another version."""
        try:
            with open(self._path(key), "rb") as file:
                content = file.read()
        except OSError:
            return None
        digest, data = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        return pickle.loads(data) if digest == self._digest(key, data) else None

    def save(self, key: object, value: object) -> None:
        data = dumps(value)
        temporary = f"{self._path(key)}.{uuid.uuid4().hex}"
        try:
            with open(temporary, "xb") as file:
                file.write(self._digest(key, data) + data)
            os.replace(temporary, self._path(key))
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _path(self, key: object) -> str:
        return f"{self._base}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"

    def _digest(self, key: object, data: bytes) -> bytes:
        return hashlib.sha256(repr((self._stamp, key)).encode() + data).digest()
