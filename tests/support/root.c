/* Preloaded into a daemon of a test host that gives up root for the one right of setting the clock: nobody has that right
 * there, and the host's root sets the host's clock (`clock.c`). It stays root. */
#include <stddef.h>
#include <sys/types.h>

int cap_set_proc(void *capabilities) { (void)capabilities; return 0; }
int setresuid(uid_t real, uid_t effective, uid_t saved) { (void)real; (void)effective; (void)saved; return 0; }
int setresgid(gid_t real, gid_t effective, gid_t saved) { (void)real; (void)effective; (void)saved; return 0; }
int setgroups(size_t count, const gid_t *groups) { (void)count; (void)groups; return 0; }
