"""Safetensors files that say to whom they belong and whether they are whole.

`seal` sorts the header, so that equal contents are equal bytes, and adds a digest of everything else; `read_seal` finds
what was changed. While `stamped` is in effect, every file that is sealed also says to whom it belongs.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

OWNER = "belongs_to"
_DIGEST = "digest"
_METADATA = "__metadata__"
_stamp: ContextVar[Mapping[str, object]] = ContextVar("stamp", default={})  # noqa: B039 (never changed in place)


@contextlib.contextmanager
def stamped(owner: str, **details: object) -> Iterator[None]:
    """Let files that are written in this context record their owner, and details that JSON can hold."""
    token = _stamp.set({OWNER: owner, **details})
    try:
        yield
    finally:
        _stamp.reset(token)


def stamp() -> Mapping[str, object]:
    """Return what files record in this context; nothing outside of `stamped`."""
    return _stamp.get()


def seal(content: bytes) -> bytes:
    """Return the same safetensors file with a sorted header and a digest in its metadata."""
    header, data = _parts(content)
    metadata = header.get(_METADATA, {})
    return _joined({**header, _METADATA: {**metadata, _DIGEST: _digest(header, data)}}, data)


def read_seal(path: Path) -> dict[str, object]:
    """Return the metadata of a safetensors file; without a seal, as older files are, they are not checked.

    Raises `FileNotFoundError` if there is no such file, and `ValueError` if it was truncated or changed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}")
    try:
        header, data = _parts(path.read_bytes())
        metadata = dict(header.get(_METADATA, {}))
        digest = metadata.pop(_DIGEST, None)
        is_whole = digest is None or digest == _digest({**header, _METADATA: metadata}, data)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} is truncated or not a safetensors file ({type(error).__name__})") from error
    if not is_whole:
        raise ValueError(f"{path} is truncated or not a safetensors file as it was written: its digest differs")
    return {name: _from_json(value) for name, value in metadata.items()}


def _parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header and the data of a safetensors file."""
    end = 8 + int.from_bytes(content[:8], "little")
    if not 8 < end <= len(content):
        raise ValueError("the header is longer than the file")
    header = json.loads(content[8:end])
    if not isinstance(header, dict):
        raise ValueError("the header is no mapping")
    return header, content[end:]


def _joined(header: Mapping[str, Any], data: bytes) -> bytes:
    written = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    return len(written).to_bytes(8, "little") + written + data


def _digest(header: Mapping[str, Any], data: bytes) -> str:
    return hashlib.sha256(_joined({_METADATA: {}, **header}, data)).hexdigest()


def _from_json(value: str) -> object:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
