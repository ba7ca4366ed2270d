"""Which figures are followed, and which of them somebody asked for by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from outlive.model.figures import Figure
from outlive.probes import registry
from outlive.tracker.thresholds import with_defaults


@dataclass(frozen=True)
class Selection:
    """`figures` in the order of the report; `thresholds` by name, in the figure's unit.

    `asked` holds what was named: a figure in it that cannot be read is an error, another is left out and that is said.
    """

    figures: tuple[Figure, ...]
    thresholds: Mapping[str, int]
    asked: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the figures, in the order of the report."""
        return tuple(figure.name for figure in self.figures)


def select(
    figures: Iterable[str], thresholds: Mapping[str, int | str | None] | None = None, *, own_process: bool
) -> Selection:
    """The default figures, and with them `figures` and all that `thresholds` name, as people write names.

    Raises UsageError for an unknown figure, an amount that does not fit it, and a figure that only the process itself
    can read when it is another one (`own_process=False`).
    """
    chosen = thresholds or {}
    asked = frozenset(registry.figure_named(name).name for name in (*figures, *chosen))
    if not own_process:
        registry.refuse_unreachable(sorted(asked))
    wanted = asked.union(registry.DEFAULT_FIGURES)
    return Selection(
        figures=tuple(figure for figure in registry.FIGURES.values() if figure.name in wanted),
        thresholds=with_defaults(chosen),
        asked=asked,
    )
