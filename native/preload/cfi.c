#include "preload/cfi.h"

#include <string.h>

enum { RBP = 6, RSP = 7, RETURN_ADDRESS = 16, REMEMBERED_MAX = 8 };
enum { PCREL_SDATA4 = 0x1b, UDATA4 = 0x03, DATAREL_SDATA4 = 0x3b };
enum { DEREF = 0x06, BREG_RBP = 0x76 };

/* A reader that stays at its end, and says so, rather than read beyond it. */
typedef struct reader {
  const uint8_t *at, *end;
  bool short_of;
} reader;

static uint64_t take(reader *in, int bytes) {
  uint64_t value = 0;
  if (in->end - in->at < bytes) {
    in->short_of = true;
    in->at = in->end;
    return 0;
  }
  memcpy(&value, in->at, (size_t)bytes);
  in->at += bytes;
  return value;
}

static uint64_t take_uleb(reader *in) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint8_t byte = (uint8_t)take(in, 1);
    if (shift < 64) value |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
}

static int64_t take_sleb(reader *in) {
  uint64_t value = 0;
  for (int shift = 0;;) {
    uint8_t byte = (uint8_t)take(in, 1);
    if (shift < 64) value |= (uint64_t)(byte & 0x7f) << shift;
    shift += 7;
    if ((byte & 0x80) != 0) continue;
    if (shift < 64 && (byte & 0x40)) value |= ~(uint64_t)0 << shift;
    return (int64_t)value;
  }
}

static void skip(reader *in, uint64_t bytes) {
  if ((uint64_t)(in->end - in->at) < bytes) {
    in->short_of = true;
    in->at = in->end;
  } else {
    in->at += bytes;
  }
}

/* ---- what a function family has in common (a CIE) ---- */

typedef struct family {
  uint64_t code_align;
  int64_t data_align;
  uint8_t pointer_encoding;
  bool has_augmentation, is_signal, known;
  reader program;
} family;

static bool is_known_encoding(uint8_t encoding) { return encoding == PCREL_SDATA4; }

static uint64_t encoded_bytes(uint8_t encoding) {
  switch (encoding & 0x07) {
    case 0x02: return 2;
    case 0x03: return 4;
    default: return 8;
  }
}

static void read_augmentation(reader *in, const char *letters, family *ret) {
  uint64_t bytes = take_uleb(in);
  reader data = {in->at, in->at, false};
  skip(in, bytes);
  data.end = in->at;
  for (; *letters != 0; letters++) {
    if (*letters == 'R') ret->pointer_encoding = (uint8_t)take(&data, 1);
    else if (*letters == 'L') (void)take(&data, 1);
    else if (*letters == 'P') skip(&data, encoded_bytes((uint8_t)take(&data, 1)));
    else if (*letters == 'S') ret->is_signal = true;
    else ret->known = false;
  }
}

static family read_family(const uint8_t *start, const uint8_t *end) {
  family result = {.known = false};
  reader in = {start, end, false};
  uint64_t length = take(&in, 4);
  if (length == 0 || length >= 0xffffffff || (uint64_t)(end - in.at) < length) return result;
  in.end = in.at + length;
  uint64_t id = take(&in, 4), version = take(&in, 1);
  const char *letters = (const char *)in.at;
  while (take(&in, 1) != 0) {
  }
  if (in.short_of || id != 0 || (version != 1 && version != 3)) return result;
  result.code_align = take_uleb(&in);
  result.data_align = take_sleb(&in);
  uint64_t return_column = version == 1 ? take(&in, 1) : take_uleb(&in);
  result.known = return_column == RETURN_ADDRESS;
  if (letters[0] == 'z') {
    result.has_augmentation = true;
    read_augmentation(&in, letters + 1, &result);
  } else if (letters[0] != 0) {
    result.known = false;
  }
  result.known = result.known && !in.short_of && is_known_encoding(result.pointer_encoding);
  result.program = in;
  return result;
}

/* ---- the program of a table entry: run until it passes pc ---- */

typedef struct rules {
  uint64_t frame_register;
  int64_t frame_offset;
  int64_t rbp_at; /* OL_CFI_RBP_SAME: not saved */
  bool deref, unknown, outermost;
} rules;

typedef struct machine {
  rules now, first;
  rules kept[REMEMBERED_MAX];
  int kept_count;
  uintptr_t at, pc;
  const family *family;
} machine;

/* A table may hold any number: the product wraps, and what does not fit a row is refused there. */
static int64_t scaled(const machine *m, uint64_t factor) { return (int64_t)(factor * (uint64_t)m->family->data_align); }

static void saved(machine *m, uint64_t reg, int64_t offset) {
  if (reg == RBP) m->now.rbp_at = offset;
  if (reg == RETURN_ADDRESS) {
    m->now.outermost = false;
    if (offset != -8) m->now.unknown = true;
  }
}

static void not_saved(machine *m, uint64_t reg, bool undefined) {
  if (reg == RBP) m->now.rbp_at = OL_CFI_RBP_SAME;
  if (reg == RETURN_ADDRESS) m->now.outermost = undefined;
}

static void restored(machine *m, uint64_t reg) {
  if (reg == RBP) m->now.rbp_at = m->first.rbp_at;
  if (reg == RETURN_ADDRESS) m->now.outermost = m->first.outermost;
}

/* Only `*(rbp + k)` is understood. */
static void frame_by_expression(machine *m, reader *in) {
  uint64_t bytes = take_uleb(in);
  reader expression = {in->at, in->at, false};
  skip(in, bytes);
  expression.end = in->at;
  bool from_rbp = take(&expression, 1) == BREG_RBP;
  int64_t offset = take_sleb(&expression);
  bool understood =
      from_rbp && take(&expression, 1) == DEREF && expression.at == expression.end && !expression.short_of;
  m->now.deref = understood;
  m->now.unknown = !understood;
  m->now.frame_register = RBP;
  m->now.frame_offset = offset;
}

/* `saved at *(rbp + k)`-like rules of functions that realign their stack: rbp itself is where rbp points. */
static void saved_by_expression(machine *m, reader *in) {
  uint64_t reg = take_uleb(in), bytes = take_uleb(in);
  reader expression = {in->at, in->at, false};
  skip(in, bytes);
  expression.end = in->at;
  if (reg == RETURN_ADDRESS) m->now.unknown = true;
  if (reg != RBP) return;
  bool at_rbp = take(&expression, 1) == BREG_RBP && take_sleb(&expression) == 0 && expression.at == expression.end;
  if (at_rbp) m->now.rbp_at = OL_CFI_RBP_SAME + 1; /* read through rbp, see to_row */
  else m->now.unknown = true;
}

static void define_frame(machine *m, uint64_t reg, int64_t offset) {
  m->now.frame_register = reg;
  m->now.frame_offset = offset;
  m->now.deref = m->now.unknown = false;
}

static void advance(machine *m, uint64_t units) { m->at += units * m->family->code_align; }

static void run_extended(machine *m, reader *in, uint8_t op) {
  uint64_t reg;
  switch (op) {
    case 0x00: break;
    case 0x02: advance(m, take(in, 1)); break;
    case 0x03: advance(m, take(in, 2)); break;
    case 0x04: advance(m, take(in, 4)); break;
    case 0x05: reg = take_uleb(in), saved(m, reg, scaled(m, take_uleb(in))); break;
    case 0x06: restored(m, take_uleb(in)); break;
    case 0x07: not_saved(m, take_uleb(in), true); break;
    case 0x08: not_saved(m, take_uleb(in), false); break;
    case 0x09: reg = take_uleb(in), (void)take_uleb(in), m->now.unknown |= reg == RBP || reg == RETURN_ADDRESS; break;
    case 0x0a:
      if (m->kept_count < REMEMBERED_MAX) m->kept[m->kept_count++] = m->now;
      else in->short_of = true;
      break;
    case 0x0b:
      if (m->kept_count > 0) m->now = m->kept[--m->kept_count];
      else in->short_of = true;
      break;
    case 0x0c: reg = take_uleb(in), define_frame(m, reg, (int64_t)take_uleb(in)); break;
    case 0x0d: define_frame(m, take_uleb(in), m->now.frame_offset); break;
    case 0x0e: m->now.frame_offset = (int64_t)take_uleb(in); break;
    case 0x0f: frame_by_expression(m, in); break;
    case 0x10: saved_by_expression(m, in); break;
    case 0x11: reg = take_uleb(in), saved(m, reg, scaled(m, (uint64_t)take_sleb(in))); break;
    case 0x12: reg = take_uleb(in), define_frame(m, reg, scaled(m, (uint64_t)take_sleb(in))); break;
    case 0x13: m->now.frame_offset = scaled(m, (uint64_t)take_sleb(in)); break;
    case 0x2e: (void)take_uleb(in); break; /* bytes of arguments: of no use here */
    default: in->short_of = true;
  }
}

static void run(machine *m, reader *in) {
  while (in->at < in->end && !in->short_of && m->at <= m->pc) {
    rules before = m->now;
    uint8_t op = (uint8_t)take(in, 1), low = op & 0x3f;
    switch (op >> 6) {
      case 1: advance(m, low); break;
      case 2: saved(m, low, scaled(m, take_uleb(in))); break;
      case 3: restored(m, low); break;
      default: run_extended(m, in, op);
    }
    if (m->at > m->pc) m->now = before;
  }
  if (in->short_of) m->now.unknown = true;
}

static ol_cfi_row to_row(const rules *r) {
  ol_cfi_row row = {.kind = OL_CFI_NONE, .rbp_at = OL_CFI_RBP_SAME};
  if (r->outermost) {
    row.kind = OL_CFI_OUTERMOST;
    return row;
  }
  bool through_rbp = r->rbp_at == OL_CFI_RBP_SAME + 1;
  bool fits = r->frame_offset > -(1 << 24) && r->frame_offset < 1 << 24 &&
              (r->rbp_at == OL_CFI_RBP_SAME || through_rbp || (r->rbp_at > -32000 && r->rbp_at < 32000));
  if (r->unknown || !fits || through_rbp != r->deref) return row;
  if (r->deref) row.kind = OL_CFI_RBP_DEREF;
  else if (r->frame_register == RSP) row.kind = OL_CFI_RSP;
  else if (r->frame_register == RBP) row.kind = OL_CFI_RBP;
  row.offset = (int32_t)r->frame_offset;
  row.rbp_at = through_rbp ? OL_CFI_RBP_SAME : (int16_t)r->rbp_at;
  return row;
}

ol_cfi_row ol_cfi_of_entry(const uint8_t *entry, const uint8_t *end, uintptr_t pc) {
  const ol_cfi_row none = {.kind = OL_CFI_NONE, .rbp_at = OL_CFI_RBP_SAME};
  reader in = {entry, end, false};
  uint64_t length = take(&in, 4);
  if (length == 0 || length >= 0xffffffff || (uint64_t)(end - in.at) < length) return none;
  in.end = in.at + length;
  const uint8_t *family_base = in.at;
  uint64_t back = take(&in, 4);
  if (back == 0 || back > (uint64_t)(uintptr_t)family_base) return none;
  family shared = read_family(family_base - back, end);
  if (!shared.known || shared.is_signal) return none;
  const uint8_t *begin_at = in.at;
  uintptr_t begin = (uintptr_t)begin_at + (uintptr_t)(int64_t)(int32_t)take(&in, 4);
  uint64_t range = take(&in, 4);
  if (in.short_of || pc < begin || pc >= begin + range) return none;
  if (shared.has_augmentation) skip(&in, take_uleb(&in));
  machine m = {.at = 0, .pc = pc, .family = &shared};
  m.now.rbp_at = OL_CFI_RBP_SAME;
  run(&m, &shared.program);
  m.first = m.now;
  m.at = begin;
  run(&m, &in);
  return to_row(&m.now);
}

typedef struct search_row {
  int32_t begin, entry; /* from the header */
} search_row;

ol_cfi_row ol_cfi_find(const uint8_t *header, const uint8_t *end, uintptr_t pc) {
  const ol_cfi_row none = {.kind = OL_CFI_NONE, .rbp_at = OL_CFI_RBP_SAME};
  if (end - header < 12 || header[0] != 1 || header[1] != PCREL_SDATA4 || header[2] != UDATA4 ||
      header[3] != DATAREL_SDATA4)
    return none;
  uint32_t count;
  memcpy(&count, header + 8, sizeof count);
  const search_row *rows = (const search_row *)(header + 12);
  if (count == 0 || (uint64_t)(end - header - 12) / sizeof *rows < count) return none;
  int64_t wanted = (int64_t)(pc - (uintptr_t)header);
  if (wanted < rows[0].begin) return none;
  uint32_t low = 0, high = count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (rows[middle].begin <= wanted) low = middle;
    else high = middle;
  }
  return ol_cfi_of_entry(header + rows[low].entry, end, pc);
}
