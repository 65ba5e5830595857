/* Load for a chat server: logs clients in, has some of them talk, counts what reaches every one of them.
 *
 *   load key=value ...           the last line it prints is a JSON object; when the exit status is 1, with "error"
 *
 *   protocol=irc|line|raw        how to log in and to say something ("raw": the floor server, see floor.c)
 *   port=N   pid=N               where the server listens on 127.0.0.1; whose CPU time and memory to read
 *   clients=N senders=N rooms=N  client i is in room i % rooms, the first `senders` clients talk in turn
 *   batch=N                      so many clients log in at a time
 *   messages=N                   how many are said in all (0: only log in)
 *   window=N                     saturated: N messages are under way at any time, or
 *   rate=R burst=N               paced: R messages a second, N of them at a time
 *   payload=N                    bytes of text after the 20 bytes of the time stamp
 *   stalled=N                    so many clients, the last ones, never read again once all are in
 *   rest=SECONDS                 a pause between login and talk, before the memory is read
 *   spin=0|1                     paced: ask the kernel again and again (1) or sleep until there is something (0)
 *
 * A message is "<<" + 16 hex digits of the sending time in ns + ">>" + text. Every receiver finds the stamp,
 * wherever the server put it into its line; that gives the count and the latency.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STAMP = 20, LINE = 600, READ = 1 << 20, EVENTS = 512 };
enum protocol { RAW, TEXT, IRC };
enum state { CONNECTED, NAMED, INSIDE, STALLED, GONE };

struct client {
    int fd, room;
    enum state state;
    int kept;              /* bytes of an unfinished line (login) or of a stamp cut in two (talk) */
    char *line;            /* LINE bytes, while logging in */
    char cut[STAMP];
};

static struct client *clients;
static int poller, *readers_of;
static char buffer[READ + LINE];
static enum protocol protocol = RAW;
static int port, pid, count = 100, senders = 1, rooms = 1, batch = 64, window = 64, burst = 1, payload = 50;
static int stalled, spin = 1;
static long messages;
static double rate, rest;

/* ---- clocks, and what the kernel knows of the server ---- */

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *p = text; *p; p++) if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ') *p = ' ';
    printf("\n{\"error\": \"%s\"}\n", text); /* on a line of its own: the other object may be half written */
    exit(1);
}

/* CPU seconds of the whole process, all its threads, those that ended too, in ns resolution. */
static double server_cpu(void) {
    clockid_t clock;
    struct timespec t;
    if (!pid) return 0;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t)) fail("the server (process %d) is gone", pid);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long server_rss(void) { /* KiB */
    char path[64];
    long total = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = pid ? fopen(path, "r") : NULL;
    if (!file) return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int server_files(void) { /* open descriptors, or -1 when we may not look */
    char path[64];
    int found = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *folder = pid ? opendir(path) : NULL;
    if (!folder) return -1;
    while (readdir(folder)) found++;
    closedir(folder);
    return found;
}

/* ---- latencies: a histogram, 128 steps to each power of two ---- */

enum { STEPS = 7, SLOTS = 64 << STEPS };
static long histogram[SLOTS], delivered;
static uint64_t slowest;

static void note(uint64_t us) {
    int shift = us >> (STEPS + 1) ? 63 - __builtin_clzll(us) - STEPS : 0;
    histogram[((uint64_t)shift << STEPS) + (us >> shift)]++;
    delivered++;
    if (us > slowest) slowest = us;
}

static double percentile(double share) {
    long wanted = (long)(share * (double)delivered), seen = 0;
    for (int i = 0; i < SLOTS; i++) {
        seen += histogram[i];
        if (seen <= wanted) continue;
        int shift = i >> (STEPS + 1) ? (i >> STEPS) - 1 : 0;
        return (double)((uint64_t)(i - (shift << STEPS)) << shift);
    }
    return (double)slowest;
}

/* ---- the login, line by line ---- */

static void say_all(struct client *c, const char *text, int size);

static void tell(struct client *c, const char *format, ...) {
    char text[LINE];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say_all(c, text, size);
}

static int index_of(const struct client *c) { return (int)(c - clients); }

static void irc_line(struct client *c, const char *line) {
    const char *word = *line == ':' ? strchr(line, ' ') : NULL;
    word = word ? word + 1 : line;
    if (!strncmp(word, "PING ", 5)) tell(c, "PONG %s\r\n", word + 5);
    else if (!strncmp(word, "ERROR", 5) || !strncmp(word, "433 ", 4)) fail("client %d: %s", index_of(c), line);
    else if (c->state == CONNECTED && (!strncmp(word, "376 ", 4) || !strncmp(word, "422 ", 4))) {
        tell(c, "JOIN #bench%d\r\n", c->room);
        c->state = NAMED;
    } else if (c->state == NAMED && !strncmp(word, "366 ", 4)) c->state = INSIDE;
}

static void text_line(struct client *c, const char *line) {
    if (c->state == CONNECTED && strstr(line, "Login Id: ")) {
        tell(c, "u%d\n", index_of(c));
        c->state = NAMED;
    } else if (c->state == NAMED && strstr(line, "has entered")) {
        if (rooms == 1) c->state = INSIDE;
        else if (c->room >= 0) {
            tell(c, "/join #bench%d\n", c->room);
            c->room = -1 - c->room; /* asked for */
        }
    }
    if (c->room < 0 && strstr(line, "You are now in #bench")) {
        c->room = -1 - c->room;
        c->state = INSIDE;
    }
}

static void login_bytes(struct client *c, char *start, char *end) {
    char *line = start, *stop;
    for (; c->state < INSIDE && (stop = memchr(line, '\n', (size_t)(end - line))); line = stop + 1) {
        *stop = 0;
        if (stop > line && stop[-1] == '\r') stop[-1] = 0;
        if (protocol == IRC) irc_line(c, line);
        else if (protocol == TEXT) text_line(c, line);
        else c->state = INSIDE; /* the floor greets with one line */
    }
    if (c->state >= INSIDE) {
        free(c->line);
        c->line = NULL;
        c->kept = 0;
        return;
    }
    *end = 0;
    if (protocol == TEXT && c->state == CONNECTED && strstr(line, "Login Id: ")) {
        text_line(c, line); /* the question has no line end */
        line = end;
    }
    int left = (int)(end - line);
    if (left > LINE) { line = end - LINE; left = LINE; }
    memcpy(c->line, line, (size_t)left);
    c->kept = left;
}

/* ---- the talk: find the stamps ---- */

static int stamp(const char *at, uint64_t *value) {
    static const signed char digit[256] = {
        ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9,
        ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16 };
    if (at[1] != '<' || at[18] != '>' || at[19] != '>') return 0;
    uint64_t v = 0;
    for (int i = 2; i < 18; i++) {
        int d = digit[(unsigned char)at[i]];
        if (!d) return 0;
        v = v << 4 | (uint64_t)(d - 1);
    }
    *value = v;
    return 1;
}

static void talk_bytes(struct client *c, char *start, char *end) {
    uint64_t arrived = now(), sent;
    char *at = start;
    while (end - at >= STAMP && (at = memchr(at, '<', (size_t)(end - at - STAMP + 1)))) {
        if (stamp(at, &sent)) {
            note((arrived - sent) / 1000);
            at += STAMP;
        } else at++;
    }
    /* less than a stamp is left that has not been looked at: it may be the first part of one */
    int left = at ? (int)(end - at) : (int)(end - start < STAMP - 1 ? end - start : STAMP - 1);
    memcpy(c->cut, end - left, (size_t)left);
    c->kept = left;
}

static long bytes_in;

static void pump(int timeout, int talking) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(poller, events, EVENTS, timeout);
    for (int i = 0; i < ready; i++) {
        struct client *c = &clients[events[i].data.u32];
        if (c->state == STALLED) { /* a hang-up: all that a client sees that does not read */
            epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, NULL);
            c->state = GONE;
            continue;
        }
        int login = c->state < INSIDE;
        if (login) memcpy(buffer, c->line, (size_t)c->kept);
        else if (talking) memcpy(buffer, c->cut, (size_t)c->kept);
        else c->kept = 0;
        ssize_t size = recv(c->fd, buffer + c->kept, READ - 1, 0);
        if (size < 0 && errno == EAGAIN) continue;
        if (size <= 0) fail("the server closed client %d", index_of(c));
        bytes_in += size;
        if (login) login_bytes(c, buffer, buffer + c->kept + size);
        else if (talking) talk_bytes(c, buffer, buffer + c->kept + size);
    }
}

static int talking_now;

static void say_all(struct client *c, const char *text, int size) {
    while (size) {
        ssize_t sent = send(c->fd, text, (size_t)size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN && talking_now) { pump(1, 1); continue; }
        if (sent < 0) fail("client %d cannot send: %s", index_of(c), strerror(errno));
        text += sent;
        size -= (int)sent;
    }
}

/* ---- the two phases ---- */

static void enter(int i) {
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct client *c = &clients[i];
    int yes = 1;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0) fail("client %d: no socket: %s", i, strerror(errno));
    if (connect(c->fd, (void *)&server, sizeof server)) fail("client %d cannot connect: %s", i, strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->room = i % rooms;
    if (!(c->line = malloc(LINE))) fail("no memory");
    struct epoll_event wish = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &wish);
    if (protocol == IRC) tell(c, "NICK u%d\r\nUSER u%d 0 * :u\r\n", i, i);
}

static void login(void) {
    for (int first = 0; first < count; first += batch) {
        int last = first + batch < count ? first + batch : count, inside;
        uint64_t limit = now() + 60000000000u;
        for (int i = first; i < last; i++) enter(i);
        do {
            pump(50, 0);
            for (inside = first; inside < last && clients[inside].state == INSIDE;) inside++;
            if (now() > limit) fail("client %d is not let in", inside);
        } while (inside < last);
    }
}

static void settle(void) { /* until nothing has come for 0.2 s */
    long before;
    uint64_t limit = now() + 60000000000u, quiet = now() + 200000000u;
    while (now() < quiet && now() < limit) {
        before = bytes_in;
        pump(20, 0);
        if (bytes_in != before) quiet = now() + 200000000u;
    }
}

static int say(int who, const char *text) {
    struct client *c = &clients[who];
    if (protocol == IRC) tell(c, "PRIVMSG #bench%d :<<%016lx>>%s\r\n", c->room, (unsigned long)now(), text);
    else tell(c, "<<%016lx>>%s\n", (unsigned long)now(), text);
    return readers_of[c->room] - (protocol == IRC && c->state == INSIDE); /* IRC: no echo to the sender */
}

static void talk(void) {
    char text[LINE];
    long sent = 0, expected = 0, before = -1, peak = server_rss();
    int files = server_files(), checked = 0;
    double gone_after = -1, cpu = server_cpu();
    uint64_t start = now(), progress = start, look = start, done;
    int share = readers_of[0];
    memset(text, 'x', (size_t)payload);
    text[payload] = 0;
    bytes_in = 0;
    talking_now = 1;
    while (sent < messages || delivered < expected) {
        uint64_t t = now();
        while (sent < messages) {
            if (rate > 0 ? (double)(t - start) < (double)(sent - sent % burst) * 1e9 / rate
                         : expected - delivered >= (long)window * share) break;
            expected += say((int)(sent++ % senders), text);
        }
        pump(rate > 0 && spin ? 0 : rate > 0 ? 1 : 10, 1);
        t = now();
        if (delivered != before) { before = delivered; progress = t; }
        else if (t - progress > 20000000000u) fail("no delivery for 20 s, at %ld of %ld", delivered, expected);
        if (t > look) { /* twice a second: memory, and whether those who do not read are still there */
            long rss = server_rss();
            if (rss > peak) peak = rss;
            if (stalled && checked++ == 0) files = server_files();
            else if (stalled && gone_after < 0 && files - server_files() >= stalled) gone_after = (double)(t - start) / 1e9;
            look = t + 500000000u;
        }
    }
    done = now();
    cpu = server_cpu() - cpu;
    double seconds = (double)(done - start) / 1e9;
    long rss = server_rss(), hung_up = 0;
    for (int i = count - stalled; i < count; i++) hung_up += clients[i].state == GONE;
    printf(", \"talk\": {\"seconds\": %.6f, \"messages\": %ld, \"deliveries\": %ld, \"expected\": %ld, \"bytes\": %ld,"
           " \"cpu\": %.6f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"max_us\": %.0f, \"rss_kib\": %ld, \"rss_peak_kib\": %ld,"
           " \"hung_up\": %ld, \"gone_after\": %.2f}",
           seconds, sent, delivered, expected, bytes_in, cpu, percentile(0.5), percentile(0.99), (double)slowest, rss,
           rss > peak ? rss : peak, hung_up, gone_after);
}

static void option(const char *argument) {
    static const struct { const char *name; int *number; } numbers[] = {
        { "port", &port }, { "pid", &pid }, { "clients", &count }, { "senders", &senders }, { "rooms", &rooms },
        { "batch", &batch }, { "window", &window }, { "burst", &burst }, { "payload", &payload },
        { "stalled", &stalled }, { "spin", &spin } };
    const char *value = strchr(argument, '=');
    size_t size = value ? (size_t)(value - argument) : 0;
    if (!value) fail("not key=value: %s", argument);
    value++;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strlen(numbers[i].name) == size && !strncmp(argument, numbers[i].name, size)) {
            *numbers[i].number = atoi(value);
            return;
        }
    if (!strncmp(argument, "messages=", 9)) messages = atol(value);
    else if (!strncmp(argument, "rate=", 5)) rate = atof(value);
    else if (!strncmp(argument, "rest=", 5)) rest = atof(value);
    else if (!strncmp(argument, "protocol=", 9))
        protocol = !strcmp(value, "irc") ? IRC : !strcmp(value, "line") ? TEXT : RAW;
    else fail("unknown option: %s", argument);
}

int main(int argc, char **argv) {
    struct rlimit files;
    for (int i = 1; i < argc; i++) option(argv[i]);
    if (count < 1 || senders < 1 || senders > count - stalled || rooms < 1 || batch < 1 || burst < 1 || payload < 0
        || payload > LINE - 80 || stalled < 0 || window < 1) fail("these numbers do not fit together");
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < (rlim_t)count + 20) fail("only %ld files may be open", (long)files.rlim_cur);
    clients = calloc((size_t)count, sizeof *clients);
    readers_of = calloc((size_t)rooms, sizeof *readers_of);
    poller = epoll_create1(0);
    if (!clients || !readers_of || poller < 0) fail("no memory");

    long rss_empty = server_rss();
    double cpu = server_cpu();
    uint64_t start = now();
    login();
    uint64_t done = now();
    settle();
    printf("{\"login\": {\"clients\": %d, \"seconds\": %.6f, \"settled\": %.6f, \"cpu\": %.6f, \"bytes\": %ld, ", count,
           (double)(done - start) / 1e9, (double)(now() - start) / 1e9, server_cpu() - cpu, bytes_in);
    for (uint64_t until = now() + (uint64_t)(rest * 1e9); now() < until;) pump(50, 0);
    printf("\"rss_empty_kib\": %ld, \"rss_kib\": %ld}", rss_empty, server_rss());
    for (int i = 0; i < count; i++) {
        if (i < count - stalled) { readers_of[clients[i].room]++; continue; }
        struct epoll_event wish = { .events = 0, .data.u32 = (uint32_t)i };
        epoll_ctl(poller, EPOLL_CTL_MOD, clients[i].fd, &wish);
        clients[i].state = STALLED;
    }
    if (messages) talk();
    printf("}\n");
    return 0;
}
