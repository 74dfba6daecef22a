"""The lake's settings."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from statpipe.api import ConfigError, Environment


@frozen(kw_only=True)
class LakeSettings:
    """
    ``path`` is the folder of the lake; a relative one starts at the configuration's folder.

    Each environment has a folder of its own below it.
    """

    path: str = ".statpipe/lake"
    environment: Environment

    @property
    def root(self) -> Path:
        """
        The folder of this environment, or of its scratch corner.

        :raises ConfigError: The path is an address of something that is no folder.
        """
        if "://" in self.path:
            scheme = self.path.split("://", 1)[0]
            msg = (
                f"environment {self.environment.name}: the lake's path starts with {scheme}://, and "
                "this version keeps lakes in folders only; write the path of a folder"
            )
            raise ConfigError(msg)
        try:
            folder = Path(self.path).expanduser()
        except RuntimeError as error:
            msg = (
                f"environment {self.environment.name}: the lake's path {self.path} starts at the "
                "home of a user that is not known here; write the path of a folder"
            )
            raise ConfigError(msg) from error
        root = self.environment.home / folder / self.environment.name
        scratch = self.environment.scratch
        return root / "scratch" / scratch if scratch else root
