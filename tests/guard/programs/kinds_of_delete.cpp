// One mistaken pair of new and delete by name, or all the right ones.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#define APART __attribute__((noinline, noclone))
static void *volatile hidden;
template <class T>
static T *through(T *block) {
  hidden = block;
  return static_cast<T *>(hidden);
}

struct alignas(64) Wide {
  char bytes[128];
};

APART static void malloc_delete() { delete through(static_cast<int *>(std::malloc(40))); }
APART static void malloc_delete_array() { delete[] through(static_cast<char *>(std::malloc(40))); }
APART static void new_free() { std::free(through(new int(5))); }
APART static void array_free() { std::free(through(new char[50])); }
APART static void new_delete_array() { delete[] through(new int(5)); }
APART static void array_delete() { delete through(new char[50]); }
APART static void new_realloc() { std::free(std::realloc(through(new char), 500)); }
APART static void deleted_twice() {
  auto *block = through(new long(3));
  delete block;
  delete through(block);
}

APART static void right() {
  delete through(new int(1));
  delete[] through(new int[100]);
  delete through(new Wide);
  delete[] through(new Wide[3]);
  delete[] through(new std::string[5]);
  ::operator delete(through(::operator new(30)), std::size_t(30));
  ::operator delete[](through(::operator new[](30)), std::size_t(30));
  ::operator delete(through(::operator new(30, std::nothrow)), std::nothrow);
  ::operator delete[](through(::operator new[](30, std::nothrow)), std::nothrow);
  auto wide = std::align_val_t(128);
  ::operator delete(through(::operator new(30, wide)), wide);
  ::operator delete[](through(::operator new[](30, wide)), wide);
  ::operator delete(through(::operator new(30, wide)), std::size_t(30), wide);
  ::operator delete[](through(::operator new[](30, wide)), std::size_t(30), wide);
  ::operator delete(through(::operator new(30, wide, std::nothrow)), wide, std::nothrow);
  ::operator delete[](through(::operator new[](30, wide, std::nothrow)), wide, std::nothrow);
  delete through(static_cast<int *>(nullptr));
  auto shared = std::make_shared<std::vector<std::string>>(100, std::string(200, 'x'));
  std::string moved = shared->at(7) + "more";
  try {
    throw std::string("an exception has memory too");
  } catch (const std::string &) {
  }
}

int main(int argc, char **argv) {
  struct {
    const char *name;
    void (*run)();
  } all[] = {{"malloc_delete", malloc_delete},
             {"malloc_delete_array", malloc_delete_array},
             {"new_free", new_free},
             {"array_free", array_free},
             {"new_delete_array", new_delete_array},
             {"array_delete", array_delete},
             {"new_realloc", new_realloc},
             {"deleted_twice", deleted_twice},
             {"right", right}};
  for (int k = 1; k < argc; k++)
    for (auto &one : all)
      if (std::strcmp(argv[k], one.name) == 0) one.run();
  std::puts("went on");
}
