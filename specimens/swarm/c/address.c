#include "address.h"

#include <stdio.h>
#include <string.h>

struct address address_v4(const uint8_t ip[4], uint16_t port) {
  struct address address = {.port = port, .family = 4};
  memcpy(address.ip, ip, 4);
  return address;
}

bool address_equal(const struct address *one, const struct address *other) {
  return memcmp(one, other, sizeof *one) == 0;
}

struct sockaddr_in address_socket(const struct address *address) {
  struct sockaddr_in socket = {.sin_family = AF_INET, .sin_port = htons(address->port)};
  memcpy(&socket.sin_addr, address->ip, 4);
  return socket;
}

void address_text(const struct address *address, char ret[ADDRESS_TEXT]) {
  const uint8_t *ip = address->ip;
  snprintf(ret, ADDRESS_TEXT, "%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3], address->port);
}

bool address_of_url(const char *url, struct address *ret) {
  const char *host = strstr(url, "://");
  unsigned ip[4], port;
  if (host == NULL || sscanf(host + 3, "%3u.%3u.%3u.%3u:%5u", &ip[0], &ip[1], &ip[2], &ip[3], &port) != 5) return false;
  uint8_t bytes[4];
  for (int i = 0; i < 4; i++) {
    if (ip[i] > 255) return false;
    bytes[i] = (uint8_t)ip[i];
  }
  if (port == 0 || port > 65535) return false;
  *ret = address_v4(bytes, (uint16_t)port);
  return true;
}
