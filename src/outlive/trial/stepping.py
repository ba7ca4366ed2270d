"""Running steps, plain and async, and noting each on the board. Runs in the child; counts and judges nothing.

An async step runs in a task of its own, as a request would: what it sets in context variables ends with it. All steps
share one event loop, made by whatever policy the scenario has set, as they would in a server.
"""

from __future__ import annotations

from outlive.trial import board, stamping
from outlive.trial.stamping import BETWEEN, FIRST_STEP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from outlive.trial.line import Line
    from outlive.trial.scenario import Scenario


class Runner:
    """Runs the parts of one scenario. `loop` is None until something async is met."""

    __slots__ = ("_line", "_scenario", "done", "loop")

    def __init__(self, scenario: Scenario, line: Line) -> None:
        self._scenario = scenario
        self._line = line
        self.done = 0
        self.loop: Any = None
        if scenario.is_async:
            self._need_loop()

    def setup(self) -> None:
        self._line.board.enter(board.SETUP)
        self._run_once(self._scenario.setup)

    def teardown(self) -> None:
        self._line.board.enter(board.TEARDOWN)
        self._run_once(self._scenario.teardown)
        if self.loop is not None and not self.loop.is_closed():
            self._close_loop()

    def steps(self, count: int) -> None:
        """Run so many more steps. Whatever a step raises comes out, with `done` and the board at the step's index."""
        self._line.board.enter(board.STEPPING)
        end = self.done + count
        while self.done < end:
            if self.loop is None:
                self._plain_steps(end)
            else:
                self.loop.run_until_complete(self._async_steps(end))
        stamping.tick(BETWEEN)

    def _plain_steps(self, end: int) -> None:
        step, stepped, leave_if_copy = self._scenario.step, self._line.board.stepped, self._line.leave_if_copy
        tick = stamping.tick
        for index in range(self.done, end):
            tick(FIRST_STEP + index)
            result = step(index)
            leave_if_copy()
            if result is not None and hasattr(type(result), "__await__"):
                self._need_loop().run_until_complete(_finish(result))
                leave_if_copy()
            self.done = index + 1
            stepped(self.done)
            if self.loop is not None:
                return  # a step that turned out to be async: go on inside the loop

    async def _async_steps(self, end: int) -> None:
        step, stepped, leave_if_copy = self._scenario.step, self._line.board.stepped, self._line.leave_if_copy
        create_task, tick = self.loop.create_task, stamping.tick
        for index in range(self.done, end):
            tick(FIRST_STEP + index)
            result = step(index)
            if result is not None and hasattr(type(result), "__await__"):
                await (create_task(result) if hasattr(result, "cr_frame") else result)
            leave_if_copy()
            del result
            self.done = index + 1
            stepped(self.done)

    def _run_once(self, part: Callable[[], Any] | None) -> None:
        if part is None:
            return
        result = part()
        self._line.leave_if_copy()
        if result is not None and hasattr(type(result), "__await__"):
            self._need_loop().run_until_complete(_finish(result))
            self._line.leave_if_copy()

    def _need_loop(self) -> Any:
        if self.loop is None:
            import asyncio

            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        return self.loop

    def _close_loop(self) -> None:
        """End what is left in the loop, as `asyncio.run` does."""
        import asyncio

        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        if left:
            self.loop.run_until_complete(asyncio.wait(left, timeout=5.0))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        self.loop.close()


async def _finish(awaitable: Any) -> Any:
    return await awaitable
