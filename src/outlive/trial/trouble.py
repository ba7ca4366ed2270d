"""What went wrong in the child, as plain data for the parent: the kind of ending, a sentence, the traceback.

Written for bad days: no descriptor may be left to read a source line, no memory to import `traceback`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_MOST_TRACEBACK = 64 * 1024
_NOT_THE_SCENARIO = ("outlive.trial", "asyncio", "importlib", "_pytest", "pluggy", "pytest_asyncio", "anyio")


def describe(error: BaseException) -> dict[str, str]:
    """`how` ("exited" or "raised"), `what` (the error in one line) and `traceback`, without our own frames."""
    if isinstance(error, SystemExit):
        return {"how": "exited", "what": f"sys.exit({error.code!r})", "traceback": _formatted(error)}
    return {"how": "raised", "what": one_line(error), "traceback": _formatted(error)}


def one_line(error: BaseException) -> str:
    """The error's type and the first line of its text; a text that cannot be made is left out."""
    try:
        text = str(error).strip()
    except Exception:
        text = ""
    kind = type(error).__qualname__
    return f"{kind}: {text.splitlines()[0][:300]}" if text else kind


def _formatted(error: BaseException) -> str:
    shown = _from_the_scenario_on(error.__traceback__)
    try:
        import traceback

        text = "".join(traceback.format_exception(type(error), error, shown))
    except Exception:
        text = _bare(error, shown)
    # The ends say most: where it began and what was raised.
    half = _MOST_TRACEBACK // 2
    return text if len(text) <= 2 * half else f"{text[:half]}\n…\n{text[-half:]}"


def _from_the_scenario_on(trace: TracebackType | None) -> TracebackType | None:
    """Leave out the frames that led to the scenario; all of them stay when none is the scenario's."""
    at = trace
    while at is not None:
        name = at.tb_frame.f_globals.get("__name__", "")
        if not str(name).startswith(_NOT_THE_SCENARIO):
            return at
        at = at.tb_next
    return trace


def _bare(error: BaseException, trace: TracebackType | None) -> str:
    lines = ["Traceback (most recent call last):"]
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(f'  File "{code.co_filename}", line {trace.tb_lineno}, in {code.co_name}')
        trace = trace.tb_next
    return "\n".join([*lines, one_line(error), ""])
