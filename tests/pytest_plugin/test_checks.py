"""`pytest --outlive`: marked tests run as steps in a pytest of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Pytest = Callable[..., "tuple[int, str]"]
pytestmark = pytest.mark.slow
# The checks end with their steps; the time budget of two minutes is for a machine that has much else to do.

_LEAKY = """
    import pytest
    KEPT = []
    class Session: pass
    @pytest.mark.outlive(steps=300, time_budget=120)
    def test_leaky():
        KEPT.append(Session())
    def test_ordinary(): pass
    """


def test_leaking_test_fails_with_the_explanation_and_an_ordinary_one_passes(run_pytest: Pytest) -> None:
    status, output = run_pytest(_LEAKY, "--outlive")
    assert (status, "1 failed, 1 passed" in output) == (1, True)
    assert "every step leaves one test_it.Session object behind" in output
    assert "outlive/" not in output  # no traceback of ours


def test_without_the_option_a_marked_test_is_an_ordinary_one(run_pytest: Pytest) -> None:
    status, output = run_pytest(_LEAKY, "--strict-markers")
    assert (status, "2 passed" in output) == (0, True)


@pytest.mark.any_python
def test_what_is_allowed_to_grow_is_not_found(run_pytest: Pytest) -> None:
    source = """
        import os, pytest
        @pytest.mark.outlive(steps=200, time_budget=120, allow='fds')
        def test_opens(): os.open("/dev/null", 0)
        @pytest.mark.outlive(steps=200, time_budget=120, allow=['fds', 'threads'])
        def test_opens_too(): os.open("/dev/null", 0)
        """
    status, output = run_pytest(source, "--outlive")
    assert (status, "2 passed" in output) == (0, True), output


def test_clean_tests_of_every_sort_pass(run_pytest: Pytest) -> None:
    source = """
        import asyncio, logging, os, warnings
        import pytest
        pytestmark = pytest.mark.outlive(steps=200, time_budget=120)

        @pytest.fixture(scope="module")
        def shared():
            yield {}
        @pytest.fixture
        def own(shared):
            shared["set up"] = shared.get("set up", 0) + 1
            yield shared

        def test_fixtures_are_set_up_once(own):
            assert own["set up"] == 1
        @pytest.mark.parametrize("word", ["a::b[x]"])
        def test_parameters(word): assert word
        class TestInClass:
            def test_method(self, tmp_path): (tmp_path / "file").write_text("x")
        def test_logs_prints_and_warns(caplog, capsys):
            logging.getLogger("x").warning("hello"); print("hello")
            warnings.warn("old", DeprecationWarning)
            assert capsys.readouterr().out == "hello\\n"
            assert len(caplog.records) == 1
        def test_logs_without_fixture_and_patches(monkeypatch):
            logging.getLogger("x").warning("hello")
            warnings.warn("old", DeprecationWarning)
            monkeypatch.setenv("WORD", "x"); monkeypatch.setattr(os, "getcwd", lambda: "/")
        """
    status, output = run_pytest(source, "--outlive")
    assert (status, "5 passed" in output) == (0, True), output


def test_async_tests_of_both_plugins_are_steps(run_pytest: Pytest) -> None:
    source = """
        import asyncio
        import pytest
        KEPT = []
        class Request: pass
        check = pytest.mark.outlive(steps=300, time_budget=120)

        @check
        @pytest.mark.asyncio
        async def test_asyncio_clean(): await asyncio.sleep(0)
        @check
        @pytest.mark.asyncio
        async def test_asyncio_leaky():
            await asyncio.sleep(0); KEPT.append(Request())
        @check
        @pytest.mark.anyio
        async def test_anyio_clean(anyio_backend): await asyncio.sleep(0)
        @check
        @pytest.mark.anyio
        async def test_anyio_leaky(anyio_backend):
            await asyncio.sleep(0); KEPT.append(Request())
        """
    conftest = "import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"
    status, output = run_pytest(source, "--outlive", conftest=conftest)
    assert (status, "2 failed, 2 passed" in output) == (1, True), output
    assert "LEAK  test_it.py::test_asyncio_leaky: every step leaves one test_it.Request object behind" in output, output
    assert "LEAK  test_it.py::test_anyio_leaky: every step leaves one test_it.Request object behind" in output


@pytest.mark.any_python
def test_xdist_runs_checks_in_its_workers(run_pytest: Pytest) -> None:
    status, output = run_pytest(_LEAKY, "--outlive", "-n", "1")
    assert (status, "1 failed, 1 passed" in output) == (1, True), output
    assert "every step leaves one test_it.Session object behind" in output


@pytest.mark.any_python
def test_settings_of_the_run_go_along_and_reports_are_written_once(run_pytest: Pytest, tmp_path: Path) -> None:
    source = """
        import pytest
        @pytest.mark.outlive(steps=100, time_budget=120)
        def test_told(request): assert request.config.getoption("--word") == "bread"
        """
    conftest = "def pytest_addoption(parser): parser.addoption('--word')\n"
    ini = """
        addopts = --outlive --junitxml=report.xml --strict-config --strict-markers -n 0
        filterwarnings =
            error
            ignore::pytest.PytestAssertRewriteWarning
        asyncio_default_fixture_loop_scope = function
        """
    status, output = run_pytest(source, "--word", "bread", conftest=conftest, ini=ini)
    assert status == 0, output
    assert (tmp_path / "report.xml").read_text().count("<testcase") == 1


def test_failing_skipping_and_broken_tests_are_told_apart(run_pytest: Pytest) -> None:
    source = """
        import pytest
        pytestmark = pytest.mark.outlive(time_budget=120)
        @pytest.fixture
        def broken(): raise OSError("no database")
        def test_fails(): assert [1, 2] == [1, 3]
        def test_broken(broken): pass
        def test_skips(): pytest.skip("not today")
        @pytest.mark.skipif("1 + 1 == 2", reason="arithmetic")
        def test_marked_skip(): raise AssertionError
        @pytest.mark.xfail(reason="known", strict=True)
        def test_xfails(): raise AssertionError
        def test_exits():
            import os; os._exit(3)
        """
    status, output = run_pytest(source, "--outlive", "-rs")
    assert (status, "3 failed, 2 skipped, 1 xfailed" in output) == (1, True), output
    assert "assert [1, 2] == [1, 3]" in output
    assert "OSError: no database" in output
    assert "not today" in output
    assert "exit status 3" in output


@pytest.mark.any_python
@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("@pytest.mark.outlive(step=3)\ndef test_it(): pass", "takes steps=, allow= and time_budget= only"),
        (
            "import unittest\n@pytest.mark.outlive\nclass TestIt(unittest.TestCase):\n    def test_it(self): pass",
            "only test functions",
        ),
    ],
)
def test_wrong_use_of_the_mark_is_a_usage_error(run_pytest: Pytest, test: str, reason: str) -> None:
    status, output = run_pytest(f"import pytest\n{test}", "--outlive")
    assert (status, reason in output) == (pytest.ExitCode.USAGE_ERROR, True), output
