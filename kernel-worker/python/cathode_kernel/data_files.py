"""Gives libraries that live in a zip archive the data files that they open by path."""

import json
import os
import pkgutil
import zipfile
from pathlib import Path

#: Where files are unpacked. The file system does not outlive a snapshot.
FOLDER = "/tmp/cathode"


def load_themes():
    """Loads IPython's colour themes, which it would open as files."""
    from IPython.utils import PyColorize

    if not os.path.isdir(PyColorize._THEME_DIR):
        for name, stem in PyColorize._BUILTIN_THEMES.items():
            data = pkgutil.get_data("IPython.utils", f"themes/{PyColorize._theme_filename(stem)}")
            PyColorize.theme_table._by_name[name] = PyColorize.Theme.from_dict(json.loads(data))


def mount_jedi(archive):
    """Unpacks parso's grammars and jedi's type stubs from the archive, once, and points the two at them."""
    import parso.grammar
    from jedi.inference.gradual import typeshed

    if not os.path.isdir(FOLDER):
        with zipfile.ZipFile(archive) as wheels:
            names = [name for name in wheels.namelist() if name.startswith(("parso/python/grammar", "jedi/third_party/typeshed/"))]
            wheels.extractall(FOLDER, names)
    parso.grammar.__file__ = f"{FOLDER}/parso/grammar.py"
    typeshed.TYPESHED_PATH = Path(FOLDER) / "jedi/third_party/typeshed"
