"""Builds everything once, from the settings, and hands it to the page and the commands."""

from dataclasses import dataclass
from functools import cached_property

from heygem.config.settings import Settings
from heygem.jobs.runner import JobRunner
from heygem.pipeline.generate import Generator


@dataclass(frozen=True)
class Services:
    """What the upper floor works with. Parts are built when first asked for, so that light commands stay light."""

    settings: Settings

    @cached_property
    def generator(self) -> Generator:
        """Loads the weights, in a second or two."""
        return Generator.from_settings(self.settings)

    @cached_property
    def runner(self) -> JobRunner:
        return JobRunner(lambda request, sink, cancel: self.generator.generate(request, sink, cancel))
