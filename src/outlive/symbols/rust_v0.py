"""Names of Rust functions in the form that its compiler writes now (`_R…`, "v0"), as a person wrote them.

The grammar is that of Rust's RFC 2603. A name can refer back to parts of itself, so that a short one can stand for one
without end: what is written, how deep it nests and how much of it is visited are bounded. What is not understood is
left as it was.
"""

from __future__ import annotations

from collections.abc import Callable

_MOST_DEEP, _MOST_STEPS, _LONGEST = 100, 5000, 4000

_BASIC = {
    "a": "i8", "b": "bool", "c": "char", "d": "f64", "e": "str", "f": "f32", "h": "u8", "i": "isize", "j": "usize",
    "l": "i32", "m": "u32", "n": "i128", "o": "u128", "s": "i16", "t": "u16", "u": "()", "v": "...", "x": "i64",
    "y": "u64", "z": "!", "p": "_",
}  # fmt: skip
_SIGNED, _UNSIGNED = frozenset("asxlni"), frozenset("htmyoj")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MADE_UP = {"C": "closure", "S": "shim"}


class _NotUnderstood(Exception):
    pass


def demangled(name: str) -> str | None:
    """None for what is no such name.

    >>> demangled("_RNvNtCs1234_7mycrate3foo3bar")
    'mycrate::foo::bar'
    """
    for prefix in ("_R", "R", "__R"):
        if name.startswith(prefix):
            break
    else:
        return None
    body = name.removeprefix(prefix).split(".", 1)[0]  # behind a dot stands what the compiler's back end added
    if not body.isascii() or not body[:1].isupper():
        return None
    reader = _Reader(body)
    try:
        reader.path(in_value=True)
    except (_NotUnderstood, IndexError, ValueError, UnicodeError):
        return None
    return "".join(reader.parts)


class _Reader:
    """Reads `text` from `at` on, and appends to `parts` as it goes."""

    def __init__(self, text: str) -> None:
        self.parts: list[str] = []
        self._text, self._at = text, 0
        self._deep = self._steps = self._written = 0
        self._is_silent = False
        self._lifetimes = 0

    def path(self, *, in_value: bool = False) -> None:
        kind = self._enter()
        if kind == "C":
            self._disambiguator()
            self._write(self._identifier())
        elif kind == "N":
            self._nested(in_value)
        elif kind in "MXY":
            if kind != "Y":
                self._impl_path()
            self._write("<")
            self.type()
            if kind != "M":
                self._write(" as ")
                self.path()
            self._write(">")
        elif kind == "I":
            self.path(in_value=in_value)
            self._write("::<" if in_value else "<")
            self._list(self._argument)
            self._write(">")
        elif kind == "B":
            self._back(lambda: self.path(in_value=in_value))
        else:
            raise _NotUnderstood
        self._deep -= 1

    def type(self) -> None:
        kind = self._enter()
        if kind in _BASIC:
            self._write(_BASIC[kind])
        elif kind in "RQ":
            self._write("&")
            if self._peek() == "L":
                self._at += 1
                self._lifetime()
            self._write("mut " if kind == "Q" else "")
            self.type()
        elif kind in "PO":
            self._write("*const " if kind == "P" else "*mut ")
            self.type()
        elif kind in "AS":
            self._write("[")
            self.type()
            if kind == "A":
                self._write("; ")
                self._constant()
            self._write("]")
        elif kind == "T":
            self._write("(")
            count = self._list(self.type)
            self._write(",)" if count == 1 else ")")
        elif kind == "F":
            self._within_binder(self._function)
        elif kind == "D":
            self._write("dyn ")
            self._within_binder(lambda: self._list(self._dyn_trait, " + "))
            if self._next() != "L":
                raise _NotUnderstood
            self._lifetime(before=" + ")
        elif kind == "B":
            self._back(self.type)
        else:
            self._at -= 1
            self.path()
        self._deep -= 1

    def _nested(self, in_value: bool) -> None:
        namespace = self._next()
        self.path(in_value=in_value)
        number = self._disambiguator()
        name = self._identifier()
        if namespace.isupper():
            kind = _MADE_UP.get(namespace, namespace)
            self._write(f"::{{{kind}{':' if name else ''}{name}#{number}}}")
        elif namespace.islower():
            self._write(f"::{name}" if name else "")
        else:
            raise _NotUnderstood

    def _argument(self) -> None:
        kind = self._peek()
        if kind == "L":
            self._at += 1
            self._lifetime(always=True)
        elif kind == "K":
            self._at += 1
            self._constant()
        else:
            self.type()

    def _function(self) -> None:
        if self._peek() == "U":
            self._at += 1
            self._write("unsafe ")
        if self._peek() == "K":
            self._at += 1
            if self._peek() == "C":
                self._at += 1
                abi = "C"
            else:
                abi = self._identifier().replace("_", "-")
            self._write(f'extern "{abi}" ')
        self._write("fn(")
        self._list(self.type)
        self._write(")")
        if self._peek() == "u":
            self._at += 1
        else:
            self._write(" -> ")
            self.type()

    def _dyn_trait(self) -> None:
        """Bindings of its types stand within the brackets that its arguments have opened, if they have."""
        before = len(self.parts)
        self.path()
        is_open = False
        while self._peek() == "p":
            self._at += 1
            if not is_open and self.parts[before:] and self.parts[-1] == ">":
                self.parts.pop()
                self._write(", ")
            else:
                self._write(", " if is_open else "<")
            is_open = True
            self._write(f"{self._identifier()} = ")
            self.type()
        self._write(">" if is_open else "")

    def _constant(self) -> None:
        kind = self._enter()
        if kind == "p":
            self._write("_")
        elif kind == "B":
            self._back(self._constant)
        elif kind in _SIGNED or kind in _UNSIGNED or kind in "bc":
            is_negative = kind in _SIGNED and self._peek() == "n"
            self._at += is_negative
            digits = self._until("_")
            value = int(digits, 16) if digits else 0
            if kind == "b":
                self._write({0: "false", 1: "true"}[value] if value < 2 else "_")
            elif kind == "c":
                self._write(repr(chr(value)))
            else:
                self._write(("-" if is_negative else "") + (str(value) if value < 1 << 64 else hex(value)))
        else:
            raise _NotUnderstood
        self._deep -= 1

    def _within_binder(self, read: Callable[[], object]) -> None:
        bound = 0
        if self._peek() == "G":
            self._at += 1
            bound = self._number62() + 1
        if bound > 64:
            raise _NotUnderstood
        if bound:
            names = ", ".join(self._lifetime_name(self._lifetimes + at) for at in range(bound))
            self._write(f"for<{names}> ")
        self._lifetimes += bound
        read()
        self._lifetimes -= bound

    def _lifetime(self, *, before: str = "", always: bool = False) -> None:
        number = self._number62()
        if number > self._lifetimes:
            raise _NotUnderstood
        if number:
            space = "" if before or always else " "
            self._write(f"{before}{self._lifetime_name(self._lifetimes - number)}{space}")
        elif always:
            self._write("'_")

    @staticmethod
    def _lifetime_name(number: int) -> str:
        return f"'{chr(ord('a') + number)}" if number < 26 else f"'_{number}"

    def _impl_path(self) -> None:
        """Where an `impl` stands is of no interest, but must be passed."""
        self._disambiguator()
        was_silent, self._is_silent = self._is_silent, True
        self.path()
        self._is_silent = was_silent

    def _list(self, read: Callable[[], object], between: str = ", ") -> int:
        count = 0
        while self._peek() != "E":
            self._write(between if count else "")
            read()
            count += 1
        self._at += 1
        return count

    def _back(self, read: Callable[[], object]) -> None:
        begin = self._at - 1
        target = self._number62()
        if target >= begin:
            raise _NotUnderstood
        after, self._at = self._at, target
        if not self._is_silent:
            read()
        self._at = after

    def _identifier(self) -> str:
        is_coded = self._peek() == "u"
        self._at += is_coded
        digits = ""
        while self._peek().isdigit() and len(digits) < 6:
            digits += self._next()
            if digits == "0":
                break
        length = int(digits)
        if self._peek() == "_":
            self._at += 1
        found = self._text[self._at : self._at + length]
        if len(found) != length:
            raise _NotUnderstood
        self._at += length
        if is_coded:
            head, separator, tail = found.rpartition("_")
            found = (f"{head}-{tail}" if separator else tail).encode("ascii").decode("punycode")
        return found

    def _disambiguator(self) -> int:
        if self._peek() != "s":
            return 0
        self._at += 1
        return self._number62() + 1

    def _number62(self) -> int:
        digits = self._until("_")
        if not digits:
            return 0
        if len(digits) > 12:
            raise _NotUnderstood
        found = 0
        for digit in digits:
            found = found * 62 + _DIGITS.index(digit)
        return found + 1

    def _until(self, end: str) -> str:
        at = self._text.index(end, self._at)
        found = self._text[self._at : at]
        self._at = at + 1
        return found

    def _enter(self) -> str:
        self._deep += 1
        self._steps += 1
        if self._deep > _MOST_DEEP or self._steps > _MOST_STEPS:
            raise _NotUnderstood
        return self._next()

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _write(self, text: str) -> None:
        if text and not self._is_silent:
            self._written += len(text)
            if self._written > _LONGEST:
                raise _NotUnderstood
            self.parts.append(text)
