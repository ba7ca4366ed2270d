/* Loads libraries for itself alone, as Python loads extensions, and looks for libuv where none is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
  int (*found)(void *, int) = (int (*)(void *, int))dlsym(RTLD_DEFAULT, "uv_run");
  printf("%d\n", found == NULL ? 0 : found(NULL, 0));
  for (int i = 1; i < argc; i++) {
    void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
    int (*use)(int) = library == NULL ? NULL : (int (*)(int))dlsym(library, "use_a_loop");
    if (use == NULL) return 1;
    printf("%d %d\n", use(1), use(0));
    dlclose(library);
  }
  return 0;
}
