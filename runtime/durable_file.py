"""Replaces a small file durably: after a power cut the old or the new content is there, whole, and the new one once the call returned."""

import os
from pathlib import Path


def replace_durably(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write `text` (ASCII) as the new content of `path`; once this returns, the content survives a power cut.

    Args:
        path: the file; its folder must exist. The text is first written to `<name>.new` beside it.
        text: the whole content.
        mode: permissions of the new file.

    Raises:
        OSError: the text could not be written; the old content is still there.
    """
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        # The content is made durable before the name: otherwise the name may survive a power cut and point to nothing.
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # The name is durable once its folder is.
        os.fsync(folder)
    finally:
        os.close(folder)
