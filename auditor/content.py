"""Where the content folders lie: the only module that knows.

`datasets/`, `reports/` and `streamlit_app.py` stand beside `auditor/` in a checkout and inside
`auditor/_content/` in an installed wheel. A mapped package folder does not work in an editable
install, hence this function.
"""

from __future__ import annotations

from pathlib import Path

from auditor.errors import DataError

_PACKAGE = Path(__file__).resolve().parent


def content_path(*parts: str) -> Path:
    """Returns the path of a content file or folder, e.g. `content_path("datasets", "lexicons")`.

    The installed package is looked at first, then the checkout around it.

    Raises:
        DataError: neither place has it, which means that the installation is incomplete.
    """
    for root in (_PACKAGE / "_content", _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise DataError(
        f"{'/'.join(parts)} is missing from this installation of bias-auditor ({_PACKAGE}); "
        "reinstall it with: pip install --force-reinstall bias-auditor"
    )
