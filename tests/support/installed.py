"""Distributions that exist only for a test: a folder on ``PYTHONPATH``, no pip."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parents[1]
"""The folder that holds ``support``: on the path of whoever imports an installed tea plugin."""


def install(
    folder: Path,
    *,
    name: str,
    entry_points: dict[str, str],
    modules: dict[str, str] | None = None,
    version: str = "1.0",
) -> Path:
    """
    Lay a distribution into *folder*: its metadata, its entry points in the group ``statpipe``
    (name -> module) and its modules (name -> source text). Put *folder* on the path to install it.
    """
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"{entry} = {module}" for entry, module in entry_points.items()]
    (info / "entry_points.txt").write_text("[statpipe]\n" + "\n".join(lines) + "\n")
    for module, text in (modules or {}).items():
        (folder / f"{module}.py").write_text(text)
    return folder


def install_tea(folder: Path) -> Path:
    """Install the tea agency's plugin; :data:`TESTS` must be on the path as well."""
    return install(folder, name="statpipe-tea", entry_points={"tea": "support.tea"})


def install_rates(folder: Path) -> Path:
    """Install the plugin of the agency of cubes, likewise."""
    return install(folder, name="statpipe-rates", entry_points={"rates": "support.rates"})
