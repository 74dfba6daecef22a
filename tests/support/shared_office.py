"""An engine whose lake is a folder, which other processes can open as well."""

import hashlib
from importlib.metadata import version

from statpipe.engine.runs.backfill import backfill
from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_site
from statpipe.engine.stages.options import Options
from statpipe_lake import plugin as lake_plugin
from support.tea import SOURCE

CANARY = "canary-0b1d5f2c"


class SharedOffice:
    """The office with a lake in a folder, which other processes can open as well."""

    def __init__(self, office, home, **lake):
        self.office, self.home, self.lake = office, home, lake
        self.plugins = []
        home.mkdir()

    @property
    def registry(self):
        return Registry(
            [
                ("agency", "statpipe-tea", "1.0", self.office.plugin()),
                ("lake", "statpipe-lake", version("statpipe-lake"), lake_plugin),
                *self.plugins,
            ]
        )

    def site(self):
        variables = {"TEA_KEY": CANARY}
        document = {"environments": {"local": {"sinks": {"lake": self.lake}}}}
        configuration = Configuration(
            path=None, home=self.home, document=document, variables=variables
        )
        return open_site(configuration, self.registry, "local")

    def run(self, executor=None, **options):
        site = self.site()
        try:
            (manifest,) = run_sources(site, [SOURCE], Options(**options), executor)
        finally:
            site.close()
        return manifest

    def backfill(self, executor=None):
        site = self.site()
        try:
            return backfill(site, SOURCE, ["cellar"], Options(command="backfill"), executor)
        finally:
            site.close()

    def files(self, *layers):
        root = self.home / ".statpipe/lake/local"
        return {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.relative_to(root).parts[0] in layers
        }
