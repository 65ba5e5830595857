/* The least that a server can do which gives every line to everyone: no names, no rooms, no parsing, no memory.
 *
 *   floor PORT turn    what one look at the sockets brought goes to each client in one send
 *   floor PORT line    each line goes to each client in a send of its own
 *
 * What a chat daemon costs beyond this is its own doing; what this costs is the kernel's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 1024, CHUNK = 1 << 16, TURN = 1 << 22 };

struct peer {
    int fd, place;        /* place: its index in `here` */
    size_t waiting, room; /* bytes that the socket did not take yet, and the space for them */
    char *queue;
};

static struct peer **here;
static int present, space, poller, listener;
static char turn[TURN];

static void watch(struct peer *p, uint32_t what, int how) {
    struct epoll_event wish = { .events = what, .data.ptr = p };
    epoll_ctl(poller, how, p ? p->fd : listener, &wish);
}

static void arrive(void) {
    int yes = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (present == space) here = realloc(here, sizeof *here * (size_t)(space = space ? 2 * space : 64));
    struct peer *p = calloc(1, sizeof *p);
    if (!p || !here) exit(1);
    p->fd = fd;
    p->place = present;
    here[present++] = p;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    watch(p, EPOLLIN, EPOLL_CTL_ADD);
    if (send(fd, "floor\n", 6, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) perror("greeting");
}

static void leave(struct peer *p) {
    here[p->place] = here[--present];
    here[p->place]->place = p->place;
    close(p->fd);
    free(p->queue);
    free(p);
}

static void give(struct peer *p, const char *data, size_t size) {
    if (!p->waiting) {
        ssize_t taken = send(p->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (taken == (ssize_t)size) return;
        if (taken > 0) { data += taken; size -= (size_t)taken; }
        watch(p, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
    if (p->waiting + size > p->room && !(p->queue = realloc(p->queue, p->room = 2 * (p->waiting + size)))) exit(1);
    memcpy(p->queue + p->waiting, data, size);
    p->waiting += size;
}

static void resume(struct peer *p) {
    ssize_t taken = send(p->fd, p->queue, p->waiting, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken > 0) memmove(p->queue, p->queue + taken, p->waiting -= (size_t)taken);
    if (!p->waiting) watch(p, EPOLLIN, EPOLL_CTL_MOD);
}

static void deliver(size_t size, int by_line) {
    char *start = turn, *end = turn + size, *next;
    for (; start < end; start = next) {
        char *stop = by_line ? memchr(start, '\n', (size_t)(end - start)) : NULL;
        next = stop ? stop + 1 : end;
        for (int i = 0; i < present; i++) give(here[i], start, (size_t)(next - start));
    }
}

int main(int argc, char **argv) {
    struct rlimit files;
    int yes = 1, by_line;
    if (argc != 3) return fprintf(stderr, "usage: floor PORT turn|line\n"), 2;
    by_line = !strcmp(argv[2], "line");
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return perror("floor"), 1;
    poller = epoll_create1(0);
    watch(NULL, EPOLLIN, EPOLL_CTL_ADD);
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(poller, events, EVENTS, -1);
        size_t size = 0;
        for (int i = 0; i < ready; i++) {
            struct peer *p = events[i].data.ptr;
            if (!p) { arrive(); continue; }
            if (events[i].events & EPOLLOUT) resume(p);
            if (!(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || size + CHUNK > TURN) continue;
            ssize_t got = recv(p->fd, turn + size, CHUNK, MSG_DONTWAIT);
            if (got > 0) size += (size_t)got;
            else if (got == 0 || events[i].events & (EPOLLHUP | EPOLLERR)) leave(p);
        }
        if (size) deliver(size, by_line);
    }
}
