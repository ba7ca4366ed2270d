"""`outlive check --cmd` as a door: a command in, exit code, text and JSON out; and what it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from outlive.cli import last_result
from outlive.cli.main import main

pytestmark = [pytest.mark.slow, pytest.mark.any_python]

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "reference" / "check-json.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler here")
    target = tmp_path_factory.mktemp("built") / "runs"
    source = ROOT / "tests" / "command" / "programs" / "runs.c"
    subprocess.run(["cc", "-O1", "-g", "-o", target, source], check=True, timeout=60)
    return target


def test_leak_of_a_command_is_told_with_function_figures_and_next_command(program, capsys) -> None:
    assert main(["check", "--cmd", f"{program} {{i}} l", "--steps", "3"]) == 1
    text = capsys.readouterr().out
    assert text.startswith(f"LEAK  {program} {{i}} l: every step leaves one block of native memory behind")
    assert "lose (runs.c:" in text
    assert "the recorder saw all of 3 runs" in text
    assert text.rstrip().endswith(f"outlive check --cmd '{program} {{i}} l' --allow lose")


def test_command_without_a_leak_ends_with_zero_and_a_way_to_look_further(program, capsys) -> None:
    assert main(["check", "--cmd", f"{program} {{i}} k", "--steps", "3"]) == 0
    assert "--steps 20" in capsys.readouterr().out


def test_json_of_a_command_is_valid_and_kept_for_the_report(program, capsys) -> None:
    assert main(["check", "--cmd", f"{program} {{i}} l", "--steps", "3", "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    jsonschema.validate(result, SCHEMA)
    assert (result["is_command"], result["findings"][0]["type"]) == (True, "lose")
    assert json.loads(last_result.load()) == result


def test_failed_command_shows_what_it_printed(program, capsys) -> None:
    assert main(["check", "--cmd", f"{program} {{i}} e", "--steps", "3"]) == 3
    assert "| no such table: users" in capsys.readouterr().out


def test_header_prints_the_folder_of_the_header(capsys) -> None:
    assert main(["check", "--header"]) == 0
    assert (Path(capsys.readouterr().out.strip()) / "outlive.h").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to check"),
        (["scenario.py", "--cmd", "./prog {i}"], "a scenario and a command to check"),
        (["--cmd", "./prog {i}", "--mine", "app"], "--mine goes with a Python scenario"),
        (["--cmd", ""], "the command is empty"),
        (["--cmd", "./no-such-program {i}"], "cannot run ./no-such-program"),
    ],
)
def test_wrong_usage_says_what_is_wrong(words: list[str], message: str, capsys) -> None:
    assert main(["check", *words]) == 2
    assert message in capsys.readouterr().err
