#include "event_bus.h"

#include "must.h"

struct post {
  struct post *next;
  enum event kind;
  unsigned value;
};

struct subscription {
  void (*handle)(void *owner, unsigned value);
  void *owner;
};

struct event_bus {
  struct timer *dispatch_timer; /* owned until event_bus_close_timer */
  struct post *first, **end;    /* owned */
  struct subscription subscriptions[EVENT_COUNT];
};

static struct post *take_all(struct event_bus *bus) {
  struct post *first = bus->first;
  bus->first = NULL;
  bus->end = &bus->first;
  return first;
}

static void on_dispatch(void *owner) {
  struct event_bus *bus = owner;
  struct post *post = take_all(bus); /* what is posted meanwhile waits for the next turn */
  while (post != NULL) {
    struct post *next = post->next;
    const struct subscription *subscription = &bus->subscriptions[post->kind];
    if (subscription->handle != NULL) subscription->handle(subscription->owner, post->value);
    free(post);
    post = next;
  }
}

struct event_bus *event_bus_create(struct loop *loop) {
  struct event_bus *bus = must(calloc(1, sizeof *bus));
  bus->dispatch_timer = timer_open(loop, on_dispatch, bus);
  bus->end = &bus->first;
  return bus;
}

void event_bus_subscribe(struct event_bus *bus, enum event kind, void (*handle)(void *owner, unsigned value),
                         void *owner) {
  bus->subscriptions[kind] = (struct subscription){handle, owner};
}

void event_bus_post(struct event_bus *bus, enum event kind, unsigned value) {
  struct post *post = must(calloc(1, sizeof *post));
  post->kind = kind;
  post->value = value;
  if (bus->first == NULL && bus->dispatch_timer != NULL) timer_start(bus->dispatch_timer, 0, 0);
  *bus->end = post;
  bus->end = &post->next;
}

void event_bus_close_timer(struct event_bus *bus) {
  timer_close(bus->dispatch_timer);
  bus->dispatch_timer = NULL;
}

void event_bus_free(struct event_bus *bus) {
  for (struct post *post = take_all(bus), *next; post != NULL; post = next) {
    next = post->next;
    free(post);
  }
  free(bus);
}
