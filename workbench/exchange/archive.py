"""A folder of files as one, for a download."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO


def zip_folder(folder: Path, out: IO[bytes]) -> None:
    """Write the files of a folder, without their path, into a ZIP."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
