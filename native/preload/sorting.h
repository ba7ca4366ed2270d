/* Sort rows by the 64-bit word that each begins with. The C library's qsort may call malloc. */
#ifndef OUTLIVE_PRELOAD_SORTING_H
#define OUTLIVE_PRELOAD_SORTING_H

#include <stddef.h>
#include <stdint.h>

/* `scratch` is as large as `rows`. Stable. */
void ol_sort_by_first_word(void *rows, void *scratch, uint64_t count, size_t row_bytes);

#endif
