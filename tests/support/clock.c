/* The clock of a test host, preloaded into every program of that host and of no other.
 *
 * Host clock = this machine's clock + `given` (what the test set) + `disciplined` (what the host's own programs set through
 * the setting calls below, which never reach the kernel). Both live in one mapped file, written while programs run.
 * Static programs and raw system calls pass this by: neither is used as truth. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define TICK 10000000LL          /* the coarse clock lags by up to this: HZ=100, the worst that Linux has */
#define PPM 65536LL              /* rates are in 2^-16 ppm, as in struct timex */
#define SLEW (500 * PPM)         /* how fast the kernel works off an ADJ_OFFSET */

/* A part of the shift: offset + rate * (raw - since) + slew worked off so far. `version` is odd while it is written. */
struct part { _Atomic uint64_t version; int64_t offset, rate, since, slew; };
static struct state {
    struct part given, disciplined;
    int64_t freq, tick, status, maxerror, esterror, constant, tai;
} *state;
static int (*kernel_gettime)(clockid_t, struct timespec *);
static int (*kernel_setsockopt)(int, int, int, const void *, socklen_t);
static ssize_t (*kernel_recvmsg)(int, struct msghdr *, int);
static int translates_stamps, may_set;

__attribute__((constructor)) static void start(void) {
    if (kernel_setsockopt) return;
    kernel_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    kernel_setsockopt = dlsym(RTLD_NEXT, "setsockopt");
    kernel_recvmsg = dlsym(RTLD_NEXT, "recvmsg");
    translates_stamps = getenv("TEST_HOST_STAMPS") != NULL;
    const char *path = getenv("TEST_HOST_CLOCK");
    if (!path) path = "/run/host/clock";
    int writable = 1, file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) { writable = 0; file = open(path, O_RDONLY | O_CLOEXEC); }
    if (file < 0) return;
    void *map = mmap(NULL, sizeof *state, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, file, 0);
    close(file);
    if (map == MAP_FAILED) return;
    state = map;
    /* Who was started as root: a daemon that gave root up for the one right of setting the clock still has it. */
    may_set = writable;
}
static int64_t kernel_clock(clockid_t id) {
    struct timespec t;
    start();
    kernel_gettime(id, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}
static int64_t elapsed_at(int64_t elapsed, int64_t rate) {
    return (int64_t)((__int128)elapsed * rate / (PPM * 1000000));
}
static int64_t slewed(const struct part *p, int64_t raw) {
    int64_t most = elapsed_at(raw - p->since, SLEW), whole = llabs(p->slew);
    return (p->slew < 0 ? -1 : 1) * (most < whole ? most : whole);
}
static int64_t shift(const struct part *p, int64_t raw) {
    return p->offset + elapsed_at(raw - p->since, p->rate) + slewed(p, raw);
}
static int64_t read_part(struct part *shared, int64_t raw) {
    for (;;) {
        uint64_t before = atomic_load(&shared->version);
        struct part copy = {0, shared->offset, shared->rate, shared->since, shared->slew};
        atomic_thread_fence(memory_order_acquire);
        if (!(before & 1) && atomic_load(&shared->version) == before) return shift(&copy, raw);
    }
}
/* Steps the disciplined part by `step`, then lets it run at `rate` and work off `slew`; continuous but for the step. */
static void discipline(int64_t step, int64_t rate, int64_t slew) {
    struct part *p = &state->disciplined;
    uint64_t even;
    do even = atomic_load(&p->version) & ~1ULL; while (!atomic_compare_exchange_weak(&p->version, &even, even + 1));
    int64_t raw = kernel_clock(CLOCK_MONOTONIC_RAW);
    p->offset = shift(p, raw) + step;
    p->since = raw;
    p->rate = rate;
    p->slew = slew;
    atomic_store(&p->version, even + 2);
}
static int64_t host_clock(int coarse) {
    int64_t raw, real = kernel_clock(CLOCK_REALTIME);
    if (!state) return real;
    raw = kernel_clock(CLOCK_MONOTONIC_RAW);
    return real + read_part(&state->given, raw) + read_part(&state->disciplined, raw) - (coarse ? raw % TICK : 0);
}
static int step_to(int64_t wanted) {
    if (!state || !may_set) return errno = EPERM, -1;
    struct part *p = &state->disciplined;
    discipline(wanted - host_clock(0), p->rate, 0);
    return 0;
}

int clock_gettime(clockid_t id, struct timespec *t) {
    start();
    if (!state || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE && id != CLOCK_TAI)) return kernel_gettime(id, t);
    int64_t now = host_clock(id == CLOCK_REALTIME_COARSE) + (id == CLOCK_TAI ? state->tai * SECOND : 0);
    *t = (struct timespec){now / SECOND, now % SECOND};
    return 0;
}
int timespec_get(struct timespec *t, int base) {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, t) == 0 ? base : 0;
}
int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    (void)zone;
    int64_t now = host_clock(0);
    *t = (struct timeval){now / SECOND, now % SECOND / 1000};
    return 0;
}
time_t time(time_t *t) {
    time_t now = host_clock(1) / SECOND;
    if (t) *t = now;
    return now;
}
int clock_settime(clockid_t id, const struct timespec *t) {
    if (id != CLOCK_REALTIME) return errno = EINVAL, -1;
    return step_to(t->tv_sec * SECOND + t->tv_nsec);
}
int settimeofday(const struct timeval *t, const struct timezone *zone) {
    (void)zone;
    return t ? step_to(t->tv_sec * SECOND + t->tv_usec * 1000) : 0;
}
int stime(const time_t *t) { return step_to(*t * SECOND); }

int clock_adjtime(clockid_t id, struct timex *t) {
    start();
    int once = (t->modes & ADJ_OFFSET_SINGLESHOT) == ADJ_OFFSET_SINGLESHOT;
    int modes = once ? 0 : t->modes, reads = once && t->modes == ADJ_OFFSET_SS_READ;
    if (!state || id != CLOCK_REALTIME) return errno = EINVAL, -1;
    if (t->modes && !reads && !may_set) return errno = EPERM, -1;
    if (modes & ADJ_NANO) state->status |= STA_NANO;
    if (modes & ADJ_MICRO) state->status &= ~STA_NANO;
    if (modes & ADJ_STATUS) state->status = (t->status & ~STA_RONLY) | (state->status & STA_RONLY);
    if (modes & ADJ_MAXERROR) state->maxerror = t->maxerror;
    if (modes & ADJ_ESTERROR) state->esterror = t->esterror;
    if (modes & ADJ_TIMECONST) state->constant = t->constant;
    if (modes & ADJ_TAI) state->tai = t->constant;
    if (modes & ADJ_FREQUENCY) state->freq = t->freq;
    if (modes & ADJ_TICK) state->tick = t->tick;
    int64_t unit = state->status & STA_NANO ? 1 : 1000, raw = kernel_clock(CLOCK_MONOTONIC_RAW);
    int64_t left = state->disciplined.slew - slewed(&state->disciplined, raw), before = left;
    int64_t step = modes & ADJ_SETOFFSET ? t->time.tv_sec * SECOND + t->time.tv_usec * (modes & ADJ_NANO ? 1 : 1000) : 0;
    if (once && !reads) left = t->offset * 1000;
    if (modes & ADJ_OFFSET) left = t->offset * unit;
    if (t->modes && !reads) discipline(step, state->freq + (state->tick - 10000) * 100 * PPM, left);
    int64_t now = host_clock(0);
    *t = (struct timex){.modes = t->modes, .offset = once ? before / 1000 : left / unit, .freq = state->freq,
        .maxerror = state->maxerror, .esterror = state->esterror, .status = state->status, .constant = state->constant,
        .precision = 1, .tolerance = 500 * PPM, .tick = state->tick, .tai = state->tai,
        .time = {now / SECOND, now % SECOND / unit}};
    return state->status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
}
int adjtimex(struct timex *t) { return clock_adjtime(CLOCK_REALTIME, t); }
int ntp_adjtime(struct timex *t) { return clock_adjtime(CLOCK_REALTIME, t); }
int adjtime(const struct timeval *delta, struct timeval *left) {
    struct timex t = {.modes = delta ? ADJ_OFFSET_SINGLESHOT : ADJ_OFFSET_SS_READ};
    if (delta) t.offset = delta->tv_sec * 1000000 + delta->tv_usec;
    if (clock_adjtime(CLOCK_REALTIME, &t) < 0) return -1;
    if (left) *left = (struct timeval){t.offset / 1000000, t.offset % 1000000};
    return 0;
}

/* Kernel stamps carry this machine's clock: a time server inside the host would mix two clocks. ntpsec and openntpd cannot
 * do without; recvmsg below translates theirs, where the environment asks for it. */
int setsockopt(int socket, int level, int name, const void *value, socklen_t length) {
    start();
    int translated = translates_stamps && (name == SO_TIMESTAMPNS || name == SO_TIMESTAMP);
    if (level == SOL_SOCKET && !translated && (name == SO_TIMESTAMP || name == SO_TIMESTAMPNS || name == SO_TIMESTAMPING
            || (name >= 63 && name <= 65))) /* their 64-bit namesakes */
        return errno = ENOPROTOOPT, -1;
    return kernel_setsockopt(socket, level, name, value, length);
}
ssize_t recvmsg(int socket, struct msghdr *message, int flags) {
    start();
    ssize_t size = kernel_recvmsg(socket, message, flags);
    if (size < 0 || !state || !translates_stamps) return size;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || (part->cmsg_type != SCM_TIMESTAMPNS && part->cmsg_type != SCM_TIMESTAMP))
            continue;
        int64_t unit = part->cmsg_type == SCM_TIMESTAMP ? 1000 : 1;
        struct timespec t; /* or a struct timeval, which is laid out alike */
        memcpy(&t, CMSG_DATA(part), sizeof t);
        int64_t stamp = t.tv_sec * SECOND + t.tv_nsec * unit + host_clock(0) - kernel_clock(CLOCK_REALTIME);
        t = (struct timespec){stamp / SECOND, stamp % SECOND / unit};
        memcpy(CMSG_DATA(part), &t, sizeof t);
    }
    return size;
}
