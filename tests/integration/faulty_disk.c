/* Before a program (LD_PRELOAD), makes what it hands to the disk go wrong while a file says so, in the folder $FAULTS:
 * "stall" lets it wait, "fail" lets it fail. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int wanted(const char *fault)
{
    char path[4096];
    const char *folder = getenv("FAULTS");

    if (folder == NULL)
        return 0;
    snprintf(path, sizeof path, "%s/%s", folder, fault);
    return access(path, F_OK) == 0;
}

static int faulty(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);

    while (wanted("stall"))
        usleep(5000);
    if (wanted("fail")) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int fsync(int fd) { return faulty("fsync", fd); }
int fdatasync(int fd) { return faulty("fdatasync", fd); }
