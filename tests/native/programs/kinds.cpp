// A block of each way to ask for one, by its size; steps by words written to a descriptor that is not even open.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <malloc.h>
#include <new>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

void *volatile held[32];
static int count;
static void hold(void *block) { held[count++] = block; }

struct alignas(64) Wide {
  char bytes[3008];
};

int main() {
  hold(malloc(2001));
  hold(calloc(1, 2002));
  hold(realloc(malloc(7), 2003));
  hold(reallocarray(nullptr, 1, 2004));
  void *aligned = nullptr;
  if (posix_memalign(&aligned, 64, 2005) == 0) hold(aligned);
  hold(memalign(64, 2006));
  hold(strdup(std::string(2007 - 1, 'x').c_str()));
  const char words[] = "step 7\n";
  if (write(77, words, sizeof words - 1) != (ssize_t)sizeof words - 1) return 5;
  hold(::operator new(2008));
  hold(::operator new[](2009));
  hold(::operator new(2010, std::nothrow));
  hold(new Wide);
  try {
    hold(::operator new(~(size_t)0 >> 1));
    return 4;
  } catch (const std::bad_alloc &) {
  }
  hold(malloc(2011)); // the failed one must not lend its kind to this
  free(malloc(2012));
  ::operator delete(::operator new(2013));
  hold(mmap(nullptr, 5 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  return 0; // a look at the end
}
