/* Refuses what some file systems do not know. ODD_DISK names the calls, ODD_PLACE where. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int below(const char *path) {
    const char *place = getenv("ODD_PLACE");
    char full[PATH_MAX];
    if (!place) return 0;
    if (path[0] != '/' && getcwd(full, sizeof full)) path = full;
    return strncmp(path, place, strlen(place)) == 0;
}

static int refuses(const char *call, const char *path) {
    const char *calls = getenv("ODD_DISK");
    return calls && strstr(calls, call) && below(path);
}

static int refuses_handle(const char *call, int handle) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0 || path[0] != '/') return 0;
    path[size] = 0;
    return refuses(call, path);
}

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))
#define REFUSE(number) do { errno = number; return -1; } while (0)

ssize_t write(int handle, const void *data, size_t size) {
    if (refuses_handle("full", handle)) REFUSE(ENOSPC);
    return REAL(write)(handle, data, size);
}

ssize_t pwrite(int handle, const void *data, size_t size, off_t at) {
    if (refuses_handle("full", handle)) REFUSE(ENOSPC);
    return REAL(pwrite)(handle, data, size, at);
}

ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) {
    if (refuses_handle("full", handle)) REFUSE(ENOSPC);
    return REAL(pwrite64)(handle, data, size, at);
}

static int refuses_open(const char *path, int flags) {
    if (refuses("denied", path)) return EACCES;
    return (flags & (O_CREAT | O_WRONLY | O_RDWR)) && refuses("readonly", path) ? EROFS : 0;
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = va_arg(more, mode_t); \
        va_end(more); \
        int number = refuses_open(path, flags); \
        if (number) REFUSE(number); \
        return REAL(name)(path, flags, mode); \
    }

OPENS(open)
OPENS(open64)

int mkdir(const char *path, mode_t mode) {
    if (refuses("full", path)) REFUSE(ENOSPC);
    if (refuses("readonly", path)) REFUSE(EROFS);
    return REAL(mkdir)(path, mode);
}

int flock(int handle, int how) {
    if (refuses_handle("flock", handle)) REFUSE(ENOLCK);
    return REAL(flock)(handle, how);
}

int fsync(int handle) {
    struct stat seen;
    if (fstat(handle, &seen) == 0 && S_ISDIR(seen.st_mode) && refuses_handle("fsync", handle))
        REFUSE(EINVAL);
    return REAL(fsync)(handle);
}

int chmod(const char *path, mode_t mode) {
    if (refuses("chmod", path)) REFUSE(EPERM);
    return REAL(chmod)(path, mode);
}

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    if (refuses("chmod", path)) REFUSE(EPERM);
    return REAL(fchmodat)(folder, path, mode, flags);
}

int linkat(int from, const char *old, int to, const char *path, int flags) {
    if (refuses("link", path)) REFUSE(EPERM);
    return REAL(linkat)(from, old, to, path, flags);
}

int rename(const char *old, const char *path) {
    if (refuses("readonly", path)) REFUSE(EROFS);
    return REAL(rename)(old, path);
}

int unlink(const char *path) {
    if (refuses("readonly", path)) REFUSE(EROFS);
    return REAL(unlink)(path);
}

int link(const char *old, const char *path) {
    if (refuses("link", path)) REFUSE(EPERM);
    return REAL(link)(old, path);
}
