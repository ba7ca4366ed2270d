"""What a test's harness holds is the harness's: pytest's captured log records and frames, unittest's running test."""

from __future__ import annotations

import pytest
from seen_programs import Seen, about, accused, run

from outlive.model.leftovers import Answer

pytestmark = pytest.mark.slow
PROGRAM = """
import logging, sys, unittest
import pytest
from noting import ends, look

class Client:
    def __init__(self): self.me = self  # so that only the collector frees it, and reference counts tell nothing
    def close(self):
        try:
            self.say_bye()
        except ValueError as error:
            logging.getLogger("client").warning("could not say bye: %s", error)
        ends(self, "client closed")
    def say_bye(self): raise ValueError("gone")
class Logged(Client): pass
class InTestFrame(Client):
    def say_bye(self): pass
class InUnittest(InTestFrame): pass
class InProgram(InTestFrame): pass
kept = []

def test_logged():
    Logged().close()
    look("logged", "test")

def test_frame():
    client = InTestFrame(); client.close()
    program = InProgram(); kept.append(program); program.close()
    look("frame", "test")

class TestCase(unittest.TestCase):
    def test_unittest(self):
        client = InUnittest(); client.close()
        look("unittest", "test")

if __name__ == "__main__":
    folder = sys.argv[1]
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:outlive", "-c", "/dev/null", "--rootdir", folder]
    code = pytest.main([*options, __file__])
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(TestCase)
    unittest.TextTestRunner(stream=open(folder + "/out", "w")).run(suite)
    sys.exit(code)
"""


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    return run(PROGRAM, tmp_path_factory.mktemp("harness"))


def test_captured_log_record_is_the_harness(looks: dict[str, Seen]) -> None:
    one = about(looks["logged"].leftovers(), "Logged closed")
    assert (one.answer, one.harmless) == (Answer.HARNESS, True)
    assert "pytest's captured log records" in one.sentence
    assert "-p no:logging" in one.sentence


def test_variable_of_the_running_test_is_the_harness(looks: dict[str, Seen]) -> None:
    one = about(looks["frame"].leftovers(), "InTestFrame closed")
    assert one.answer is Answer.HARNESS
    assert "running test's own variables" in one.sentence


def test_what_the_program_keeps_too_is_held_from_a_root(looks: dict[str, Seen]) -> None:
    one = about(looks["frame"].leftovers(), "InProgram closed")
    assert one.answer is Answer.HELD
    assert accused([one])


def test_variable_of_a_running_unittest_is_the_harness(looks: dict[str, Seen]) -> None:
    one = about(looks["unittest"].leftovers(), "InUnittest closed")
    assert one.answer is Answer.HARNESS
