"""From a module or a file to its owner, and whether a finding is yours. Pure: whose is whose is given as data."""

from __future__ import annotations

from collections.abc import Collection

from outlive.model.explanation import Explanation, Owner, OwnerKind
from outlive.model.packages import Packages

UNKNOWN = Owner(OwnerKind.UNKNOWN)


def owner_of_module(module: str, packages: Packages) -> Owner:
    """Yours first: a project installed for development is in the metadata too.

    >>> owner_of_module("json.decoder", Packages(stdlib_modules=frozenset({"json"}))).kind.value
    'interpreter'
    """
    top = module.partition(".")[0]
    own = _own_name(module, packages)
    if own:
        return Owner(OwnerKind.YOURS, own)
    if top in packages.stdlib_modules or top in ("builtins", "sys"):
        return Owner(OwnerKind.INTERPRETER, "python", packages.python)
    found = packages.distributions.get(top)
    return Owner(OwnerKind.LIBRARY, found.name, found.version) if found else UNKNOWN


def owner_of_file(file: str, packages: Packages) -> Owner:
    """Libraries' folders may lie inside yours (a virtual environment in the project) or the interpreter's; so first."""
    below = _below(file, packages.library_folders)
    if below:
        return owner_of_module(_module_of(below), packages)
    if file.startswith("<frozen") or _below(file, packages.stdlib_folders):
        return Owner(OwnerKind.INTERPRETER, "python", packages.python)
    below = _below(file, packages.own_folders)
    return Owner(OwnerKind.YOURS, _module_of(below)) if below else UNKNOWN


def is_mine(explanation: Explanation, packages: Packages, mine: Collection[str] = ()) -> bool:
    """Whether your code holds it or made it; `mine` names packages, all of yours when empty.

    A name may be an import name or a distribution's.
    """
    owners = (explanation.owner, explanation.made_by)
    if not mine:
        return any(owner.kind is OwnerKind.YOURS for owner in owners)
    names = {*mine, *(packages.distributions[one].name for one in mine if one in packages.distributions)}
    return any(_is_named(owner.name, names) for owner in owners if owner.name)


def _is_named(name: str, names: Collection[str]) -> bool:
    return any(name == one or name.startswith(one + ".") for one in names)


def _own_name(module: str, packages: Packages) -> str:
    """The first part of a module of yours; `__main__` is always yours."""
    if module == "__main__" or _is_named(module, packages.own_modules):
        return module.partition(".")[0]
    return ""


def _below(file: str, folders: Collection[str]) -> str:
    """The part of a file's path below the longest folder that contains it."""
    holding = [folder for folder in folders if file.startswith(folder + "/")]
    return file[len(max(holding, key=len)) + 1 :] if holding else ""


def _module_of(below: str) -> str:
    """
    >>> _module_of("app/web/views.py"), _module_of("app.py"), _module_of("_app.cpython-312-x86_64-linux-gnu.so")
    ('app', 'app', '_app')
    """
    return below.partition("/")[0].partition(".")[0]
