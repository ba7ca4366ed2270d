"""How fast native places get their names, lines and inlined functions, against binutils' and LLVM's own tools."""
