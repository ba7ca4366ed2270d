"""The calls of a stack that tell one mistake from another: without the allocator's, without what started the program.

Theory of operation. Tools agree on little: what name the allocator's own frame has, how far out a stack goes, whether
a module, a line or a signature is said, what was inlined. What they agree on is the order of the program's own
functions between the allocator and the entry into the program. So names are stripped to that, leading frames of
allocators go, and the stack ends where main, a thread or the interpreter called in. Frames of the standard libraries of
C++ and Rust are passed over: a leaked vector is one mistake with all that it holds. Where nothing but the interpreter's
own C stands there, the Python functions that called it go on. A function without a name is known by its offset in its
module, for one build.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from outlive.imports.names import bare_name
from outlive.model.imported import Frame, Stack

DEPTH = 8

_ALLOCATORS = re.compile(
    r"""^(?:
    (?:__)?(?:libc_)?(?:malloc|calloc|realloc|reallocarray|memalign|valloc|pvalloc|aligned_alloc|posix_memalign|free|cfree)
    | (?:__GI_)?_*(?:strdup|strndup|asprintf|vasprintf)(?:_chk)?
    | operator\ (?:new|delete)(?:\[\])?
    | std::(?:__new_allocator|allocator|allocator_traits|__allocator_traits)<.*
    | __gnu_cxx::(?:new_allocator|__alloc_traits)<.* | std::__allocate_guarded<.*
    | _?Py(?:Mem|Object)_(?:Raw)?(?:Malloc|Calloc|Realloc|Free) | _PyMem_.* | _PyObject_(?:GC_|New|Init).*
    | PyType_GenericAlloc | _PyType_AllocNoTrack | _?PyObject_GC_New(?:Var)? | _PyObject_NewVar
    | alloc::alloc::.* | __rust_alloc.* | __rdl_alloc.* | __rg_alloc.* | <alloc::alloc::Global.*
    | heaptrack_malloc | heaptrack_.* | je_malloc.* | tc_malloc.* | tc_new.* | mi_malloc.*
    )$""",
    re.VERBOSE,
)
_ALLOCATOR_MODULES = re.compile(
    r"(?:^|/)(?:vgpreload_\w+[-\w]*|lib(?:heaptrack_preload|heaptrack_inject|jemalloc|tcmalloc\w*|mimalloc)[-.\w]*)"
    r"(?:\.so[.\d]*)?$"
)
_SANITIZERS = re.compile(r"(?:^|/)lib(?:asan|lsan|clang_rt\.\w+)[-.\w]*$")
_ALLOCATOR_FILES = re.compile(r"/(?:bits|ext)/(?:new_allocator|alloc_traits|allocator)\.h$|/__memory/allocat\w+\.h$")
_STANDARD = re.compile(r"^(?:std|__gnu_cxx|<?alloc|<?core)::")
_STANDARD_FILE = re.compile(r"/include/c\+\+/|^/rustc/|/library/(?:alloc|core|std)/src/")
_STANDARD_MODULE = re.compile(r"(?:^|/)lib(?:std)?c\+\+[-.\w]*$")
_ENTRY_NAMES = (
    "main _start __libc_start_main __libc_start_main_impl __libc_start_call_main start_thread clone clone3"
    " __clone __clone3 thread_start execute_native_thread_routine asan_thread_start ThreadStartFunc ffi_call"
    " ffi_call_int _ctypes_callproc _call_function_pointer PyCFuncPtr_call _PyEval_EvalFrameDefault"
    " _PyEval_EvalFrame _PyEval_Vector PyEval_EvalCode _PyFunction_Vectorcall type_call _PyObject_MakeTpCall"
    " _PyObject_Call PyObject_Call PyObject_Vectorcall _PyObject_VectorcallTstate _PyObject_Vectorcall"
    " cfunction_call cfunction_vectorcall_NOARGS cfunction_vectorcall_O cfunction_vectorcall_FASTCALL"
    " cfunction_vectorcall_FASTCALL_KEYWORDS method_vectorcall_NOARGS method_vectorcall_O"
    " method_vectorcall_FASTCALL method_vectorcall_FASTCALL_KEYWORDS method_vectorcall_VARARGS slot_tp_init"
    " slot_tp_new slot_tp_call Py_RunMain Py_BytesMain pymain_main"
)
_ENTRIES = frozenset((*_ENTRY_NAMES.split(), "(below main)"))
_SOFT = re.compile(r"^(?:_?Py|std::|__gnu_cxx::|alloc::|_*(?:GI_)?_*(?:strn?dup|v?asprintf))")
_OPENER_NAMES = (
    "open open64 openat openat64 creat creat64 GI_open GI_open64 libc_open libc_open64 pipe pipe2 socket socketpair"
    " accept accept4 dup dup2 dup3 fcntl epoll_create epoll_create1 eventfd timerfd_create signalfd memfd_create"
    " inotify_init inotify_init1 fopen fopen64 fopen_internal IO_file_open IO_file_fopen"
)
_OPENERS = frozenset(_OPENER_NAMES.split())
_NO_CODE = ("[stack]", "[heap]", "[anon]")
_SO_VERSION = re.compile(r"(\.so)(?:\.\d+)+$")
# The C library of older systems has its version in its name.
_LIBRARY_VERSION = re.compile(r"^(ld|lib(?:c|m|pthread|dl|rt))-2\.\d+(?=\.so$)")
_INTERPRETER_FILE = re.compile(r"^(?:\./)?(?:Objects|Python|Modules|Parser|Include)/")
_PYTHON_FILE = (".py", ".pyc", ".pyx")


def inner_calls(stack: Stack) -> tuple[Frame, ...]:
    """At most eight calls, innermost first, with their names normalised; () where none is known."""
    frames = without_allocator(stack).frames
    if len(frames) == 1 and _is_plain_allocator(frames[0]):
        return ()
    own, outer = _parted(frames)
    if outer and all(_is_standard(one) for one in own) and bare_name(outer[0].function) == "main":
        own, outer = [*own, outer[0]], outer[1:]
    if all(_is_interpreters(one) for one in own):
        own = [*own, *(one for one in outer if _is_python(one))]
    own = [one for one in own if not _is_standard(one)] or own
    return tuple(_normal(one) for one in own[:DEPTH])


def without_allocator(stack: Stack) -> Stack:
    """The stack without its leading frames of allocators, or of what opens descriptors; the last one always stays."""
    frames = stack.frames
    first = 0
    while first < len(frames) - 1 and (is_allocator(frames[first]) or _opens(stack.role, frames[first])):
        first += 1
    return Stack(stack.role, frames[first:], stack.cut)


def _opens(role: str, frame: Frame) -> bool:
    return role == "opened" and bare_name(frame.function).lstrip("_") in _OPENERS


def _is_plain_allocator(frame: Frame) -> bool:
    """malloc and its like: a stack of no more says nothing. Of an allocator above it, one knows at least that."""
    return is_allocator(frame) and not _SOFT.match(bare_name(frame.function))


def _parted(frames: Sequence[Frame]) -> tuple[list[Frame], list[Frame]]:
    """The calls up to the entry, and those from there. An entry that is the only call there is stays."""
    at = next((at for at, one in enumerate(frames) if _is_entry(one)), len(frames))
    if at == 0 and frames and bare_name(frames[0].function) == "main":
        at = 1
    own = list(frames[:at])
    entered = at < len(frames)
    while own and _is_nothing(own[-1]) and (entered or len(own) > 1):
        own.pop()
    return own, list(frames[at:])


def is_allocator(frame: Frame) -> bool:
    """Whether it is an allocator's frame, or that of a tool that stands in for one."""
    name = bare_name(frame.function)
    if _ALLOCATORS.match(name) or _ALLOCATOR_FILES.search(frame.file) or _ALLOCATOR_MODULES.search(frame.module):
        return True
    # A sanitizer stands in for more than allocators: its realpath is a call like any other.
    return not name and bool(_SANITIZERS.search(frame.module))


def key(frame: Frame) -> str:
    """What tells this call from another in every tool: its function, or its place in its module.

    A function of Python has its file with it: every file has a `<module>`.
    """
    if frame.function:
        return f"{frame.file.rsplit('/', 1)[-1]}:{frame.function}" if _is_python(frame) else frame.function
    if frame.offset >= 0:
        return f"{module_name(frame.module)}+{frame.offset:x}"
    return f"{module_name(frame.module)}!?"


def is_known(frame: Frame) -> bool:
    """Whether `key` names one place of the code, and not any place of a module."""
    return bool(frame.function) or frame.offset >= 0


def shown(frame: Frame) -> str:
    """`module!function`, as far as it is known."""
    module = module_name(frame.module)
    name = frame.function or (f"+{frame.offset:x}" if frame.offset >= 0 else "?")
    return f"{module}!{name}" if module else name


def module_name(path: str) -> str:
    """The file's name without its version: libc.so for /lib/libc.so.6."""
    return _LIBRARY_VERSION.sub(r"\1", _SO_VERSION.sub(r"\1", path.rsplit("/", 1)[-1]))


def same_file(one: str, other: str) -> bool:
    """Whether two paths can mean one file: the shorter ends the longer. Builds and reports have different roots."""
    parts, others = _parts(one), _parts(other)
    size = min(len(parts), len(others))
    return size > 0 and parts[-size:] == others[-size:]


def _parts(path: str) -> list[str]:
    return [one for one in path.split("/") if one not in ("", ".", "..")]


def _is_entry(frame: Frame) -> bool:
    return bare_name(frame.function) in _ENTRIES or frame.module in _NO_CODE


def _is_nothing(frame: Frame) -> bool:
    """No name, and no module but libffi's, which stands before the entry of ctypes."""
    return frame.function in ("", "<unknown>", "???") and (not frame.module or "libffi" in frame.module)


def _is_interpreters(frame: Frame) -> bool:
    return bool(_INTERPRETER_FILE.match(frame.file)) or module_name(frame.module).startswith("libpython")


def _is_standard(frame: Frame) -> bool:
    """Whether it is of C++'s or Rust's own library: what of it is inlined differs between builds."""
    in_it = _STANDARD_FILE.search(frame.file) or _STANDARD_MODULE.search(frame.module)
    return bool(in_it or _STANDARD.match(bare_name(frame.function)))


def _is_python(frame: Frame) -> bool:
    return frame.file.endswith(_PYTHON_FILE) or frame.file.startswith("<frozen")


def _normal(frame: Frame) -> Frame:
    name = "" if frame.function in ("<unknown>", "???") else bare_name(frame.function)
    return Frame(name, frame.module, frame.file, frame.line, frame.inlined, frame.offset)
