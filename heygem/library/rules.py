"""From the settings to the rules that retention goes by."""

from heygem.config.settings import ArchiveSettings, DiskSettings, RetentionSettings
from heygem.domain.library import OutputKind
from heygem.library.retention import ArchiveRules, CountsFrom, RetentionRules


def build_rules(kept: RetentionSettings, disk: DiskSettings, archive: ArchiveSettings) -> RetentionRules:
    """0 days are for ever."""
    ages = {
        OutputKind.TEST: kept.test_days,
        OutputKind.STANDARD: kept.standard_days,
        OutputKind.IMPORTANT: kept.important_days,
    }
    return RetentionRules(
        ages_days={kind: days or None for kind, days in ages.items()},
        projects_days={project: days or None for project, days in kept.projects.items()},
        counts_from=CountsFrom(kept.counts_from),
        trash_hours=kept.trash_hours,
        full_share=disk.refuse_percent / 100,
        clean_share=disk.warn_percent / 100,
        archive=ArchiveRules(archive.kinds, archive.at_once, archive.keep_local_hours) if archive.url else None,
    )
