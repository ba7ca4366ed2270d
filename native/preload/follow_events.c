#include "preload/follow_events.h"

#include <string.h>

#include "preload/follow_origins.h"

enum { EVENTS_MAX = 1 << 12, NOTE_SLOTS = 1 << 15, FIELDS = sizeof(ol_event) / sizeof(uint64_t) };

static ol_event *events, *notes;
static _Atomic uint32_t event_count;

bool ol_events_begin(void) {
  events = ol_own_map(EVENTS_MAX * sizeof *events);
  notes = ol_own_map(NOTE_SLOTS * sizeof *notes);
  return events != NULL && notes != NULL;
}

/* When all is full the oldest goes: of a program that loses as much, the same event is seen again. */
void ol_event_put(const ol_event *event) { events[atomic_fetch_add(&event_count, 1) % EVENTS_MAX] = *event; }

static ol_event *slot_of(uint64_t address) { return &notes[(address >> 4) * 0x9e3779b97f4a7c15ull >> 49]; }

void ol_note_put(const ol_event *note) { *slot_of(note->address) = *note; }

void ol_note_remove(uint64_t address) {
  if (slot_of(address)->address == address) slot_of(address)->address = 0;
}

static bool is_live(const ol_event *note, const ol_block *live, uint64_t count) {
  uint64_t low = 0, high = count;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (live[middle].address < note->address) low = middle + 1;
    else high = middle;
  }
  return low < count && live[low].address == note->address && live[low].tick == note->tick;
}

void ol_events_report(ol_container_writer *out, const ol_block *live, uint64_t live_count, const uint64_t *facts,
                      uint64_t fact_count) {
  if (events == NULL) return;
  uint64_t count = event_count < EVENTS_MAX ? event_count : EVENTS_MAX;
  ol_event *rows = ol_own_map((count + NOTE_SLOTS) * sizeof *rows);
  if (rows == NULL) return;
  memcpy(rows, events, count * sizeof *rows);
  for (uint32_t i = 0; i < NOTE_SLOTS; i++)
    if (notes[i].address != 0 && !ol_pair_is_acquitted((uint32_t)notes[i].stack, (uint32_t)notes[i].origin) &&
        is_live(&notes[i], live, live_count))
      rows[count++] = notes[i];
  ol_container_add(out, "loss_events", "u8", rows, count * FIELDS);
  ol_container_add(out, "loss_facts", "u8", facts, fact_count);
}
