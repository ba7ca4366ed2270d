#include "event_bus.h"

#include "fault.h"
#include "tests.h"

static struct loop *loop;
static struct event_bus *bus;
static unsigned heard, last;

static void hear(void *owner, unsigned value) {
  (void)owner;
  heard++;
  last = value;
}

static void hear_and_post(void *owner, unsigned value) {
  hear(owner, value);
  if (value < 3) event_bus_post(bus, EVENT_PIECE_DONE, value + 1);
}

static void begin(void) {
  heard = last = 0;
  loop = loop_create();
  bus = event_bus_create(loop);
}

static void end(void) {
  /* The bus's timer is the loop owner's to close; the bus frees only what it holds. */
  if (!fault(FAULT_TESTS_LEAVE_BUS_TIMER)) event_bus_close_timer(bus);
  event_bus_free(bus);
  loop_run(loop); /* the close callback */
  int busy = loop_free(loop);
  expect(busy == 0 || fault(FAULT_TESTS_LEAVE_BUS_TIMER));
}

static void nothing_is_handed_out_within_the_post(void) {
  begin();
  event_bus_subscribe(bus, EVENT_PIECE_DONE, hear, NULL);
  event_bus_post(bus, EVENT_PIECE_DONE, 1);
  expect(heard == 0);
  loop_run(loop);
  expect(heard == 1);
  end();
}

static void posts_come_in_order(void) {
  begin();
  event_bus_subscribe(bus, EVENT_PIECE_DONE, hear, NULL);
  for (unsigned i = 1; i <= 5; i++) event_bus_post(bus, EVENT_PIECE_DONE, i);
  loop_run(loop);
  expect(heard == 5 && last == 5);
  end();
}

static void kinds_are_told_apart(void) {
  begin();
  event_bus_subscribe(bus, EVENT_PEER_LOST, hear, NULL);
  event_bus_post(bus, EVENT_PIECE_DONE, 1);
  event_bus_post(bus, EVENT_PEER_LOST, 2);
  loop_run(loop);
  expect(heard == 1 && last == 2);
  end();
}

static void nobody_need_listen(void) {
  begin();
  event_bus_post(bus, EVENT_PIECE_DONE, 1);
  loop_run(loop);
  end();
}

static void a_listener_may_post(void) {
  begin();
  event_bus_subscribe(bus, EVENT_PIECE_DONE, hear_and_post, NULL);
  event_bus_post(bus, EVENT_PIECE_DONE, 1);
  loop_run(loop);
  expect(heard == 3 && last == 3);
  end();
}

static void the_last_subscriber_counts(void) {
  begin();
  event_bus_subscribe(bus, EVENT_PIECE_DONE, hear_and_post, NULL);
  event_bus_subscribe(bus, EVENT_PIECE_DONE, hear, NULL);
  event_bus_post(bus, EVENT_PIECE_DONE, 1);
  loop_run(loop);
  expect(heard == 1);
  end();
}

static void a_bus_may_end_unused(void) {
  begin();
  end();
}

static void what_was_not_handed_out_is_freed(void) {
  begin();
  event_bus_close_timer(bus);
  event_bus_post(bus, EVENT_PIECE_DONE, 1);
  event_bus_post(bus, EVENT_PIECE_DONE, 2);
  event_bus_free(bus);
  loop_run(loop);
  expect(loop_free(loop) == 0);
}

void test_event_bus(void) {
  nothing_is_handed_out_within_the_post();
  posts_come_in_order();
  kinds_are_told_apart();
  nobody_need_listen();
  a_listener_may_post();
  the_last_subscriber_counts();
  a_bus_may_end_unused();
  what_was_not_handed_out_is_freed();
  bus = NULL; /* freed; a stale pointer would hide a leak from a conservative scan */
  loop = NULL;
}
