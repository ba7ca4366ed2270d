/* An inbox that forgets: each message is parsed, stored or rejected, and some are neither freed nor kept.
 *
 *     cc -g -I"$(outlive check --header)" examples/native/inbox.c -o inbox
 *     outlive check --cmd './inbox {n}'
 *
 * Outlive finds one mistake: about every fifth step one subject is lost. The recent messages, which are bounded, are not one.
 */
#include <outlive.h>
#include <stdio.h>

enum { RECENT = 100 };

struct message {
  char *subject;
  int priority;
};

static struct message *recent[RECENT];

static struct message *parse(int number) {
  struct message *message = malloc(sizeof *message);
  message->subject = malloc(32);
  snprintf(message->subject, 32, "message %d", number);
  message->priority = number % 5;
  return message;
}

static void forget(struct message *message) {
  if (message == NULL) return;
  free(message->subject);
  free(message);
}

static void receive(int number) {
  struct message *message = parse(number);
  if (message->priority == 0) { /* rejected: but its subject goes nowhere */
    free(message);
    return;
  }
  forget(recent[number % RECENT]);
  recent[number % RECENT] = message;
}

int main(int argc, char **argv) {
  int messages = argc > 1 ? atoi(argv[1]) : 10;
  for (int number = 0; number < messages; number++) {
    OUTLIVE_STEP(number);
    receive(number);
  }
  return 0;
}
