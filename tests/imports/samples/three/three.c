/* Three planted leaks, each down its own chain of calls. Built as a program and, without main, as a library. */
#include <stdlib.h>
#include <string.h>

struct session { long id; char body[56]; };

static struct session *session_open(long id)
{
    struct session *one = malloc(sizeof *one);
    if (one) one->id = id;
    return one;
}

int serve_request(long id)
{
    struct session *one = session_open(id);  /* 5 x 64 bytes: never closed */
    return one && one->id == id;
}

int load_config(const char *text)
{
    char *copy = malloc(200);                /* 1 x 200 bytes: lost on return */
    if (!copy) return -1;
    strncpy(copy, text, 199);
    return copy[0] == '#';
}

static char *append_row(size_t size)
{
    return calloc(1, size);
}

int import_rows(int rows)
{
    int done = 0;
    while (rows-- > 0) done += append_row(4000) != NULL;   /* 2 x 4,000 bytes: the row is dropped */
    return done;
}

static void scrub(void)                      /* no stale pointer on the stack keeps a block reachable */
{
    volatile char room[8192];
    for (size_t at = 0; at < sizeof room; at++) room[at] = 0;
}

int all_three(void)
{
    int done = 0;
    for (long id = 0; id < 5; id++) done += serve_request(id);
    scrub();
    done += load_config("name = demo");
    scrub();
    done += import_rows(2);
    scrub();
    return done;
}

#ifdef PROGRAM
int main(void)
{
    return all_three() == 7 ? 0 : 9;
}
#endif
