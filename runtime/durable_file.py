"""Replaces a small file so that a power cut leaves the old one or the new one, whole, and never goes back behind what was returned from."""

import os
from pathlib import Path


def replace_durably(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write `text` (ASCII) as the new content of `path`; when this returns it survives a power cut.

    Args:
        path: the file; its folder must exist. `<name>.new` beside it is used on the way.
        text: the whole content.
        mode: permissions of the new file.

    Raises:
        OSError: it could not be written; the old content is still there.
    """
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        # The content before the name: otherwise the name may survive a power cut and point to nothing.
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # The name itself stands in the folder.
        os.fsync(folder)
    finally:
        os.close(folder)
