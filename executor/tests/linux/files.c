// Descriptors: pipes, counters and waiting for them, alone and between threads.
#include "guest.h"

static struct thread thread;
static int ends[2];
static long counter_fd;

struct event {
  u32 events;
  u64 data;
};

static long write_later(long milliseconds) {
  sleep_ms(milliseconds);
  call3(WRITE, ends[1], "later", 5);
  u64 two = 2;
  sleep_ms(milliseconds);
  call3(WRITE, counter_fd, &two, 8);
  return 0;
}

static long watch(long poller, long operation, long fd, u32 events, u64 data) {
  struct event event = {events, data};
  return call4(EPOLL_CTL, poller, operation, fd, &event);
}

long guest(void) {
  char text[16] = {0};
  u64 value = 0;
  struct event event = {0};
  say("no file", call4(OPENAT, -100, "/no/such/file", 0, 0));
  say("flags", call3(FCNTL, 0, 1, 0));
  say("unknown", call3(READ, 77, text, 1));
  say("pipe", call2(PIPE2, ends, 04000));
  say("ends differ", ends[0] != ends[1]);
  say("empty", call3(READ, ends[0], text, 16));
  say("wrong end", call3(WRITE, ends[0], text, 1));
  say("write", call3(WRITE, ends[1], "hello", 5));
  say("part", call3(READ, ends[0], text, 2));
  say("rest", call3(READ, ends[0], text, 16));
  say("text", text[0] + text[2]);

  counter_fd = call2(EVENTFD2, 3, 04000);
  say("short", call3(READ, counter_fd, &value, 4));
  say("counter", call3(READ, counter_fd, &value, 8));
  say("value", value);
  say("zero", call3(READ, counter_fd, &value, 8));

  long poller = call1(EPOLL_CREATE, 0);
  say("watch pipe", watch(poller, 1, ends[0], 1, 42));
  say("watch counter", watch(poller, 1, counter_fd, 1, 43));
  say("unwatched", watch(poller, 3, ends[1], 1, 0));
  say("nothing", call6(EPOLL_WAIT, poller, &event, 1, 0, 0, 0));
  say("time out", call6(EPOLL_WAIT, poller, &event, 1, 10, 0, 0));
  spawn(&thread, write_later, 20);
  say("ready", call6(EPOLL_WAIT, poller, &event, 4, -1, 0, 0));
  say("data", event.data * 10 + event.events);
  say("read", call3(READ, ends[0], text, 16));
  struct { int fd; short events, revents; } list[2] = {{ends[0], 1, 0}, {counter_fd, 1, 0}};
  say("poll", call4(PPOLL, list, 2, 0, 0));
  say("which", list[0].revents * 10 + list[1].revents);
  join(&thread);
  say("remove", watch(poller, 2, counter_fd, 0, 0));
  say("removed", call6(EPOLL_WAIT, poller, &event, 1, 0, 0, 0));

  // A read that waits, and the end of a pipe.
  say("waiting pipe", call2(PIPE2, ends, 0));
  spawn(&thread, write_later, 20);
  say("waits", call3(READ, ends[0], text, 16));
  join(&thread);
  say("close", call1(CLOSE, ends[1]));
  say("end", call3(READ, ends[0], text, 16));
  say("closed", call1(CLOSE, ends[1]));
  return 0;
}
