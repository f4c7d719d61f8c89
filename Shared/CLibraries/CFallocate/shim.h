#pragma once
#include <errno.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* fallocate(2) with mode 0. The Glibc module lacks it; posix_fallocate would write every block where it cannot. */
static inline int cfallocate(int descriptor, off_t size) {
    return (int)syscall(SYS_fallocate, descriptor, 0, (off_t)0, size);
}
