"""Compute the list of packages, which pyproject.toml cannot do across folders.

The folders at the root are installed under the package ``geungeo``, so that no module with a
name as common as ``server`` or ``eval`` lands in anyone's site-packages.
"""

from setuptools import find_packages, setup

FOLDERS = ("rag", "index", "server", "eval", "seeds")

setup(
    packages=[
        "geungeo",
        *(
            f"geungeo.{name}"
            for folder in FOLDERS
            for name in (folder, *(f"{folder}.{inner}" for inner in find_packages(folder)))
        ),
    ],
    package_dir={"geungeo": "geungeo"} | {f"geungeo.{folder}": folder for folder in FOLDERS},
)
