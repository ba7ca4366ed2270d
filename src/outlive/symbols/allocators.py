"""Which functions are allocators' own: of a stack that ends in one, what matters is who called it.

An allocator here is what hands out or takes back memory for its caller and does nothing else: `malloc` and its kin,
what languages put around it, and the layers of their standard libraries between a container and the memory that it asks
for.
A container's own functions (`push_back`) are none.
"""

from __future__ import annotations

import re
from functools import lru_cache

from outlive.model.explanation import NativeFrame

_C = frozenset(
    """
    malloc calloc realloc reallocarray memalign aligned_alloc posix_memalign valloc pvalloc free cfree
    strdup strndup wcsdup asprintf vasprintf mmap mmap64 munmap mremap
    _int_malloc _int_free _int_realloc _int_memalign _mid_memalign sysmalloc tcache_get tcache_put tcache_init
    malloc_consolidate ptmalloc_init checked_request2size arena_get2 __default_morecore alloc_perturb free_perturb
    __rust_alloc __rust_alloc_zeroed __rust_realloc __rust_dealloc __rdl_alloc __rdl_alloc_zeroed __rdl_realloc
    __rdl_dealloc __rg_alloc __rg_alloc_zeroed __rg_realloc __rg_dealloc
    xmalloc xcalloc xrealloc xstrdup xstrndup xzalloc xmemdup
    uv__malloc uv__calloc uv__realloc uv__reallocf uv__free uv__strdup uv__strndup
    g_malloc g_malloc0 g_malloc_n g_malloc0_n g_realloc g_realloc_n g_try_malloc g_try_malloc0 g_try_malloc_n
    g_try_malloc0_n g_try_realloc g_try_realloc_n g_aligned_alloc g_aligned_alloc0 g_free g_free_sized
    g_slice_alloc g_slice_alloc0 g_slice_copy g_slice_free1
    g_strdup g_strndup g_memdup g_memdup2 g_strdup_printf g_strdup_vprintf g_vasprintf g_strdup_inline
    CRYPTO_malloc CRYPTO_zalloc CRYPTO_realloc CRYPTO_free CRYPTO_strdup CRYPTO_strndup CRYPTO_memdup
    PyMem_Malloc PyMem_Calloc PyMem_Realloc PyMem_Free PyMem_New PyMem_Resize
    PyMem_RawMalloc PyMem_RawCalloc PyMem_RawRealloc PyMem_RawFree
    PyObject_Malloc PyObject_Calloc PyObject_Realloc PyObject_Free PyObject_GC_Del
    PyType_GenericAlloc PyType_GenericNew pymalloc_alloc pymalloc_realloc pymalloc_free allocate_from_new_pool
    new_arena gc_alloc _PyType_AllocNoTrack
    """.split()  # noqa: SIM905 - a list of a hundred words, one to a line, is for nobody to read
)
# With these, all of a family. A name is held against them without arguments, template arguments and underscores before.
_FAMILIES = re.compile(
    r"""
    (?: libc_ | GI_+ (?:libc_)? )?
    (?: malloc|calloc|realloc|memalign|posix_memalign|free|strn?dup|v?asprintf ) (?:_chk|_internal)?
  | (?: je|mi|tc|rpmalloc|scalloc|snmalloc )_ (?: \w*alloc\w* | free\w* | strn?dup | new\w* | delete\w* )
  | Py (?: Mem|Object ) _ (?: Debug\w*|Raw\w*|Arena\w* |Malloc|Calloc|Realloc|Free )
  | PyObject_ (?: GC_ )? (?: New|NewVar|Malloc|Calloc|Alloc|Resize )
  | sqlite3 (?: _ | Db | Mem | Heap )? (?: m | M | rem | Rem )alloc\w*
  """,
    re.VERBOSE,
)
_CPP = re.compile(
    r"""
    operator \s (?: new|delete ) (?: \[\] )?
  | (?: std|boost|__gnu_cxx|abi ) :: (?: \w+ :: )* (?:
        (?: new_allocator | __new_allocator | allocator | allocator_traits | __alloc_traits | malloc_allocator
          | __pool_alloc | polymorphic_allocator | memory_resource ) :: (?: de )? allocate \w*
      | __allocate_guarded \w* | __libcpp_allocate | __libcpp_operator_new | __libcpp_deallocate
      | __allocate_at_least | __do_deallocate_handle_size
      | \w+ :: (?: _M_allocate \w* | _M_deallocate \w* | _M_create | _M_create_storage | _M_get_node | _M_put_node
          | _M_create_node | _M_allocate_node \w* | _M_deallocate_node \w* )
      | _Vector_base :: _Vector_base | __shared_count :: __shared_count | __shared_ptr :: __shared_ptr
      | __allocate_shared | allocate_shared | make_shared | make_unique | shared_ptr :: shared_ptr
      | __detail :: _Hashtable_alloc :: \w+
    )
  """,
    re.VERBOSE,
)
_RUST = re.compile(
    r"""
    (?: __rustc :: )? __r(?:ust|dl|g)_ (?: alloc | alloc_zeroed | realloc | dealloc )
  | alloc :: alloc :: .*
  | (?: alloc|std|core ) :: alloc :: (?: Global | System | Allocator | GlobalAlloc ) :: \w+
  | std :: sys :: (?: \w+ :: )* alloc :: .*
  | alloc :: raw_vec :: .*
  | alloc :: boxed :: (?: Box :: (?: new \w* | try_new \w* ) | box_new )
  | alloc :: (?: rc :: (?: Rc | RcInner ) | sync :: (?: Arc | ArcInner ) ) :: (?: new | new_uninit | allocate_for \w* )
  """,
    re.VERBOSE,
)
_SUFFIX = re.compile(r"(?:@plt|@@?[\w.]+|\.(?:part|cold|constprop|isra|llvm|localalias|lto_priv)(?:\.\d+)*|\.\d+)+$")
_MANGLED = re.compile(r"_Z(?:nw|na|dl|da)[a-zA-Z]")
_CLONE = re.compile(r"\s\[[^\]]*\]$")
_LONGEST = 4096


def strip(frames: tuple[NativeFrame, ...]) -> tuple[NativeFrame, ...]:
    """Without the innermost ones that are allocators'; where all are, the outermost stays.

    What was inlined into an allocator is its own, whatever it is called.
    """
    begin = 0
    while begin < len(frames):
        real = begin
        while real + 1 < len(frames) and frames[real].inlined:
            real += 1
        own = [at for at in range(begin, real + 1) if is_allocator(frames[at].function)]
        if own and own[-1] == real:
            begin = real + 1
        else:
            return frames[own[-1] + 1 if own else begin :]
    return frames[-1:]


@lru_cache(maxsize=8192)
def is_allocator(function: str) -> bool:
    """
    >>> is_allocator("operator new(unsigned long)"), is_allocator("parse_header")
    (True, False)
    """
    if not function or len(function) > _LONGEST:
        return False
    name = _SUFFIX.sub("", _CLONE.sub("", function))
    if name in _C or _MANGLED.match(name):
        return True
    bare = _bare(name)
    return (
        bare in _C
        or _FAMILIES.fullmatch(bare.lstrip("_")) is not None
        or _CPP.fullmatch(bare) is not None
        or _RUST.fullmatch(bare) is not None
    )


def _bare(name: str) -> str:
    """Without what stands in brackets of any kind, and without a type of the result before it.

    Of Rust's `<Type as Trait>::method` the type counts: `Type::method`.
    """
    if name.startswith("<"):
        end = _closing(name)
        inner = _without_brackets(name[1:end]).split(" as ", 1)[0]
        return f"{inner.strip()}{_without_brackets(name[end + 1 :])}".replace("::::", "::")
    bare = _without_brackets(name).strip()
    at = bare.find("operator ")
    return bare[at:] if at >= 0 else bare.rsplit(" ", 1)[-1]


def _without_brackets(name: str) -> str:
    found, depth = [], 0
    name = name.replace("operator new[]", "operator new").replace("operator delete[]", "operator delete")
    for character in name:
        if character in "<({[":
            depth += 1
        elif character in ">)}]":
            depth = max(0, depth - 1)
        elif not depth:
            found.append(character)
    return "".join(found).replace("::::", "::").removesuffix(" const").rstrip(":")


def _closing(name: str) -> int:
    depth = 0
    for at, character in enumerate(name):
        depth += (character == "<") - (character == ">" and name[at - 1] != "-")
        if not depth:
            return at
    return len(name)
