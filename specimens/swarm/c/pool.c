#include "pool.h"

#include "fault.h"
#include "must.h"

#define RETRY_MS 30
#define RETRIES 5
#define UNCHOKED_MAX 4

struct entry {
  struct pool *pool;
  struct address address;
  struct connection *connection; /* owned; NULL between two of them */
  unsigned retries;
  uint64_t retry_at_ms; /* 0: not to be dialled again */
};

struct pool {
  struct loop *loop;
  struct event_bus *bus;
  const uint8_t *info_hash, *own_id;
  const struct pool_events *events;
  void *owner;
  struct entry **entries; /* owned */
  unsigned entry_count, dial_limit;
  struct connection **live; /* owned; those in it are borrowed from entries: greeted and not closed */
  unsigned live_count;
  bool shutting_down;
};

static void live_add(struct pool *pool, struct connection *connection) {
  pool->live = must(realloc(pool->live, (pool->live_count + 1) * sizeof(struct connection *)));
  pool->live[pool->live_count++] = connection;
}

static bool live_remove(struct pool *pool, const struct connection *connection) {
  for (unsigned i = 0; i < pool->live_count; i++) {
    if (pool->live[i] != connection) continue;
    pool->live[i] = pool->live[--pool->live_count];
    pool->live[pool->live_count] = NULL; /* no stale copy, which would look like an owner */
    return true;
  }
  return false;
}

static void strike(struct pool *pool, struct connection *connection) {
  if (!live_remove(pool, connection)) return;
  event_bus_post(pool->bus, EVENT_PEER_LOST, pool->live_count);
  pool->events->lost(pool->owner, connection);
}

static void on_closing(struct pool *pool, struct connection *connection) {
  if (fault(FAULT_REENTRANT_CLOSE)) connection_close(connection); /* "make sure that it is closed" */
  strike(pool, connection);
}

static void plan_retry(struct entry *entry, const struct connection *connection) {
  bool again = connection->was_greeted && entry->retries < RETRIES;
  entry->retry_at_ms = again ? uv_now(&entry->pool->loop->uv) + RETRY_MS : 0;
}

/* The TCP connection has gone. */
static void on_closed(struct entry *entry, struct connection *connection) {
  if (entry->pool->shutting_down) {
    /* pool_free needs the pointer */
    if (fault(FAULT_NULLED_BY_CLOSE_CALLBACK)) entry->connection = NULL;
    return;
  }
  plan_retry(entry, connection);
  if (fault(FAULT_OVERWRITTEN_ON_RECONNECT) && connection->was_greeted) {
    strike(entry->pool, connection); /* "the next dial sets the pointer anew" */
    return;
  }
  connection_close(connection); /* strikes it, too */
  entry->connection = NULL;
  if (fault(FAULT_LATE_HANDSHAKE) && connection->is_stranger) return; /* closed, so it is taken for freed */
  connection_free(connection);
}

static void on_state(void *owner, struct connection *connection, enum connection_state state) {
  struct entry *entry = owner;
  struct pool *pool = entry->pool;
  if (state == CONNECTION_GREETED) {
    if (fault(FAULT_DIAL_UNKNOWN_TO_POOL)) entry->connection = connection;
    live_add(pool, connection);
  } else if (state == CONNECTION_READY) {
    event_bus_post(pool->bus, EVENT_PEER_READY, pool_ready_count(pool));
    pool->events->ready(pool->owner, connection);
  } else if (state == CONNECTION_CLOSING) {
    on_closing(pool, connection);
  } else if (state == CONNECTION_CLOSED) {
    on_closed(entry, connection);
  }
}

static void on_unchoked(void *owner, struct connection *connection) {
  struct pool *pool = ((struct entry *)owner)->pool;
  if (connection->state == CONNECTION_READY) pool->events->ready(pool->owner, connection);
}

static void on_received(void *owner, struct connection *connection, const uint8_t *body, size_t length) {
  struct pool *pool = ((struct entry *)owner)->pool;
  pool->events->received(pool->owner, connection, body, length);
}

static const struct connection_events connection_events = {on_state, on_unchoked, on_received};

struct pool *pool_create(struct loop *loop, struct event_bus *bus, const uint8_t *info_hash, const uint8_t *own_id,
                         unsigned dial_limit, const struct pool_events *events, void *owner) {
  struct pool *pool = must(calloc(1, sizeof *pool));
  pool->loop = loop;
  pool->bus = bus;
  pool->info_hash = info_hash;
  pool->own_id = own_id;
  pool->dial_limit = dial_limit;
  pool->events = events;
  pool->owner = owner;
  return pool;
}

static void pool_dial(struct pool *pool, struct entry *entry) {
  entry->retry_at_ms = 0;
  struct connection *connection =
      connection_create(pool->loop, &entry->address, pool->info_hash, pool->own_id, &connection_events, entry);
  if (fault(FAULT_DIAL_UNKNOWN_TO_POOL)) return; /* "known when it has been greeted" */
  entry->connection = connection;
}

static bool knows(const struct pool *pool, const struct address *address) {
  for (unsigned i = 0; i < pool->entry_count; i++)
    if (address_equal(&pool->entries[i]->address, address)) return true;
  return false;
}

void pool_add(struct pool *pool, const struct address *peers, size_t count) {
  if (pool->shutting_down) return;
  for (size_t i = 0; i < count && pool->entry_count < pool->dial_limit; i++) {
    if (knows(pool, &peers[i])) continue;
    struct entry *entry = must(calloc(1, sizeof *entry));
    entry->pool = pool;
    entry->address = peers[i];
    pool->entries = must(realloc(pool->entries, (pool->entry_count + 1) * sizeof(struct entry *)));
    pool->entries[pool->entry_count++] = entry;
    pool_dial(pool, entry);
  }
}

void pool_reconnect(struct pool *pool) {
  uint64_t now = uv_now(&pool->loop->uv);
  for (unsigned i = 0; i < pool->entry_count; i++) {
    struct entry *entry = pool->entries[i];
    if (entry->retry_at_ms == 0 || entry->retry_at_ms > now) continue;
    entry->retries++;
    pool_dial(pool, entry);
  }
}

void pool_each_ready(struct pool *pool, void (*visit)(void *owner, struct connection *connection), void *owner) {
  /* Backwards: a visit may close its connection, which puts the last one in its place. */
  for (unsigned i = pool->live_count; i-- > 0;)
    if (i < pool->live_count && pool->live[i]->state == CONNECTION_READY) visit(owner, pool->live[i]);
}

unsigned pool_ready_count(const struct pool *pool) {
  unsigned count = 0;
  for (unsigned i = 0; i < pool->live_count; i++) count += pool->live[i]->state == CONNECTION_READY;
  return count;
}

static bool is_among_best(const struct pool *pool, const struct connection *connection) {
  unsigned better = 0;
  for (unsigned i = 0; i < pool->live_count; i++)
    better += pool->live[i]->blocks_received > connection->blocks_received;
  return better < UNCHOKED_MAX;
}

void pool_rechoke(struct pool *pool) {
  for (unsigned i = 0; i < pool->live_count; i++)
    connection_set_choke(pool->live[i], !is_among_best(pool, pool->live[i]));
}

void pool_keep_alive(struct pool *pool) {
  for (unsigned i = 0; i < pool->live_count; i++) connection_keep_alive(pool->live[i]);
}

void pool_disconnect_all(struct pool *pool) {
  pool->shutting_down = true;
  while (pool->live_count > 0) {
    struct connection *connection = pool->live[pool->live_count - 1];
    connection_close(connection); /* takes it out of `live` */
    if (fault(FAULT_NULLED_AT_GOODBYE)) ((struct entry *)connection->owner)->connection = NULL;
  }
}

unsigned pool_free(struct pool *pool) {
  unsigned freed = 0;
  for (unsigned i = 0; i < pool->entry_count; i++) {
    struct entry *entry = pool->entries[i];
    if (entry->connection != NULL) {
      connection_close(entry->connection); /* dials in progress: nobody has closed these yet */
      connection_free(entry->connection);
      freed++;
    }
    free(entry);
  }
  free(pool->entries);
  free(pool->live);
  free(pool);
  return freed;
}
