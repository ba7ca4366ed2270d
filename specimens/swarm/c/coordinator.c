#include "coordinator.h"

#include <string.h>

#include "fault.h"
#include "http_tracker.h"
#include "must.h"
#include "udp_tracker.h"

/* One tracker. While it is asked one of the two is set; it frees itself, and the slot forgets it when called back. */
struct slot {
  struct coordinator *coordinator;
  struct udp_announce *udp;
  struct http_announce *http;
};

struct coordinator {
  struct loop *loop;
  const struct metafile *meta;
  const struct coordinator_events *events;
  void *owner;
  uint8_t peer_id[20];
  struct slot slots[TRACKERS_MAX];
};

static bool is_asked(const struct slot *slot) { return slot->udp != NULL || slot->http != NULL; }

static bool any_asked(const struct coordinator *coordinator) {
  for (int i = 0; i < coordinator->meta->tracker_count; i++)
    if (is_asked(&coordinator->slots[i])) return true;
  return false;
}

/* Borrows the response: the tracker's request frees the peers when this returns. */
static void on_answer(void *owner, const struct tracker_response *response) {
  struct slot *slot = owner;
  struct coordinator *coordinator = slot->coordinator;
  slot->udp = NULL;
  slot->http = NULL;
  if (response != NULL && response->peer_count > 0) {
    coordinator->events->found(coordinator->owner, response->peers, response->peer_count);
    if (fault(FAULT_WRONG_FIX)) free(response->peers); /* "the leak of 4000 bytes must be here" */
  }
  if (!any_asked(coordinator)) coordinator->events->settled(coordinator->owner);
}

struct coordinator *coordinator_create(struct loop *loop, const struct metafile *meta, const uint8_t peer_id[20],
                                       const struct coordinator_events *events, void *owner) {
  struct coordinator *coordinator = must(calloc(1, sizeof *coordinator));
  coordinator->loop = loop;
  coordinator->meta = meta;
  coordinator->events = events;
  coordinator->owner = owner;
  memcpy(coordinator->peer_id, peer_id, 20);
  for (int i = 0; i < TRACKERS_MAX; i++) coordinator->slots[i].coordinator = coordinator;
  return coordinator;
}

static void ask(struct slot *slot, const char *url, const struct announcement *what) {
  struct coordinator *coordinator = slot->coordinator;
  struct address tracker;
  if (is_asked(slot) || !address_of_url(url, &tracker)) return;
  if (strncmp(url, "udp:", 4) == 0) {
    slot->udp = udp_announce(coordinator->loop, &tracker, what, on_answer, slot);
  } else if (strncmp(url, "http:", 5) == 0) {
    slot->http = http_announce(coordinator->loop, &tracker, what, on_answer, slot);
  }
}

void coordinator_announce(struct coordinator *coordinator, uint32_t event, uint64_t left) {
  struct announcement what = {.left = left, .event = event};
  memcpy(what.info_hash, coordinator->meta->info_hash, SHA1_SIZE);
  memcpy(what.peer_id, coordinator->peer_id, 20);
  for (int i = 0; i < coordinator->meta->tracker_count; i++)
    ask(&coordinator->slots[i], coordinator->meta->trackers[i], &what);
  if (!any_asked(coordinator)) coordinator->events->settled(coordinator->owner);
}

void coordinator_cancel(struct coordinator *coordinator) {
  for (int i = 0; i < TRACKERS_MAX; i++) {
    struct slot *slot = &coordinator->slots[i];
    if (slot->udp != NULL) udp_announce_cancel(slot->udp);
    if (slot->http != NULL) http_announce_cancel(slot->http);
    slot->udp = NULL;
    slot->http = NULL;
  }
}

void coordinator_free(struct coordinator *coordinator) { free(coordinator); }
