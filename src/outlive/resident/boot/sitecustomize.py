"""The first lines of ours in a watched program: undo every trace of how they came here, then watch, if possible.

Read by whatever Python the command starts, however old: plain words only, no annotations. Three duties, in this order:

1. `os.environ`, `sys.path` and the importer cache are as they would be without us; so children are not watched.
2. The first Python of the command, and no later one, loads Outlive from the installation whose path the orders name,
   if it is an interpreter of the same build. Whatever fails is written to the run's folder for the parent to tell;
   nothing is printed and nothing raised.
3. The next `sitecustomize` on the path, the user's own or the system's, is imported in our place. Where there is none
   the ImportError that `site` expects goes on to it.
"""

import os
import sys


def _give_back():  # type: () -> str
    """Make the environment and the path the user's again; returns the run's folder, "" where there is none."""
    here = os.path.dirname(os.path.abspath(__file__))
    before, _, run_folder = os.environ.pop("OUTLIVE_RUN", "").partition(":")
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part != here]
    if others or before == "empty":
        os.environ["PYTHONPATH"] = os.pathsep.join(others)
    elif "PYTHONPATH" in os.environ:
        del os.environ["PYTHONPATH"]
    sys.path[:] = [part for part in sys.path if part != here]
    sys.path_importer_cache.pop(here, None)
    return run_folder


def _write(file, lines):  # type: (str, list[str]) -> None
    """A small private file that is there whole or not at all."""
    descriptor = os.open(file + ".part", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, "\n".join(lines).encode("utf-8", "replace"))
    finally:
        os.close(descriptor)
    os.rename(file + ".part", file)


def _orders(run_folder):  # type: (str) -> dict[str, str]
    """What the parent wrote for us, a line each; only from a folder that is nobody else's."""
    status = os.stat(run_folder)
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        return {}
    with open(os.path.join(run_folder, "orders"), "rb") as file:
        text = file.read().decode("utf-8", "surrogateescape")
    return dict(line.split("=", 1) for line in text.split("\n") if "=" in line)


def _is_first(run_folder):  # type: (str) -> bool
    """Whether this is the first Python of the command: the claim can be made once."""
    try:
        os.close(os.open(os.path.join(run_folder, "claim"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        return False
    return True


def _this_build():  # type: () -> str
    """What must be equal for a native module to load: the implementation, its version and the flags of its build."""
    implementation = getattr(sys, "implementation", None)
    return str(getattr(implementation, "cache_tag", None)) + getattr(sys, "abiflags", "")


def _load(paths, run_folder):  # type: (list[str], str) -> None
    """Make `outlive` the package of these folders, whatever is installed for this interpreter, and begin."""
    bootstrap, external = sys.modules["_frozen_importlib"], sys.modules["_frozen_importlib_external"]
    # Finders of editable installations bring half of importlib with them; the plain three are enough for us.
    finders, modules = sys.meta_path[:], set(sys.modules)
    sys.meta_path[:] = plain = [bootstrap.BuiltinImporter, bootstrap.FrozenImporter, external.PathFinder]
    try:
        init = [os.path.join(folder, "__init__.py") for folder in paths]
        init = [file for file in init if os.path.exists(file)]
        spec = external.spec_from_file_location("outlive", init[0], submodule_search_locations=paths)
        sys.modules["outlive"] = package = bootstrap.module_from_spec(spec)
        spec.loader.exec_module(package)
        from outlive.resident import start, unnoticed

        start.begin(run_folder)
        unnoticed.forget(modules)
        unnoticed.forget_paths(package)
    finally:
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in plain] + finders


def _watch(run_folder):  # type: (str) -> None
    """Begin, or leave word why not."""
    orders = _orders(run_folder)
    if not orders or not _is_first(run_folder):
        return
    about = ["pid=" + str(os.getpid()), "python=" + sys.version.split()[0], "executable=" + str(sys.executable)]
    said = os.path.join(run_folder, "status")
    if orders.get("build") != _this_build():
        _write(said, about + ["state=other-python", "build=" + _this_build()])  # noqa: RUF005
        return
    before = set(sys.modules)
    try:
        _load(orders["paths"].split(os.pathsep), run_folder)
    except BaseException as error:
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == "outlive":
                del sys.modules[name]
        words = type(error).__name__ + ": " + str(error).replace("\n", " ")
        _write(said, about + ["state=failed", "error=" + words])  # noqa: RUF005
    else:
        _write(said, about + ["state=watching"])  # noqa: RUF005  # a Python that is too old must read this file, too


_run_folder = _give_back()
if _run_folder:
    try:
        _watch(_run_folder)
    except Exception:
        pass  # the folder has gone, or the disk is full: the program is none the wiser

# The next one on the path; the import system puts it in our place.
sys.modules.pop("sitecustomize", None)
import sitecustomize  # type: ignore[import-not-found]  # noqa: E402, F401
