/* A filesystem whose power can be cut: everything passes through to a backing directory, and SIGUSR1 takes back what
 * was never synced. `kill -9` alone never tests an fsync, because what a process wrote stays in the kernel's cache.
 *
 *     lossyfs BACKING MOUNTPOINT          (root; stays in the foreground; prints "mounted", and a line for each cut)
 *
 * What it models:
 *  - Data. A page that is overwritten is kept as it was until the file is synced (fsync, fdatasync); a cut writes the
 *    old pages back and gives the file its old length. At every other cut some files lose only some of their pages, as
 *    disks do that write in an order of their own.
 *  - Names. Creating, removing and renaming are a journal in order, as on ext4, XFS and btrfs. fsync of a directory
 *    commits it up to the last change in that directory, fsync of a new file up to its creation. A cut takes back the
 *    rest, last first. Nothing is committed by the passage of time.
 *  - Slowness. A file BACKING.delay holds how many milliseconds each fsync and fdatasync of a file takes; it may be
 *    written while the filesystem is used.
 *  - Not modelled: modes, owners and times are kept; holes and preallocation are refused, so callers write zeros.
 */
#define FUSE_USE_VERSION 314
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

static char backing[PATH_MAX], removed[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define RESULT(call) ((call) == -1 ? -errno : 0)

static void real_path(char out[PATH_MAX], const char *path) {
    if (snprintf(out, PATH_MAX, "%s%s", backing, path) >= PATH_MAX) abort();
}

/* ---- Data: a file that is dirty, and how it was when it was last synced. ---- */

struct dirty {
    struct dirty *next;
    ino_t inode;
    int fd;
    off_t size;
    size_t pages;
    char **saved; /* by page number; NULL while the page is as it was */
};
static struct dirty *dirty_files;

static struct dirty **find_dirty(ino_t inode) {
    struct dirty **at = &dirty_files;
    while (*at && (*at)->inode != inode) at = &(*at)->next;
    return at;
}

static void forget(struct dirty **at) {
    struct dirty *file = *at;
    *at = file->next;
    for (size_t page = 0; page < file->pages; page++) free(file->saved[page]);
    free(file->saved);
    close(file->fd);
    free(file);
}

static void is_synced(ino_t inode) {
    struct dirty **at = find_dirty(inode);
    if (*at) forget(at);
}

/* Keeps what stands in [offset, end) of `fd` before it is changed. */
static void save(int fd, off_t offset, off_t end) {
    struct stat now;
    if (fstat(fd, &now) == -1 || now.st_nlink == 0) return;
    struct dirty *file = *find_dirty(now.st_ino);
    if (!file) {
        file = calloc(1, sizeof *file);
        *file = (struct dirty){dirty_files, now.st_ino, dup(fd), now.st_size, (now.st_size + PAGE - 1) / PAGE, NULL};
        file->saved = calloc(file->pages + 1, sizeof *file->saved);
        if (!file->saved || file->fd == -1) abort();
        dirty_files = file;
    }
    for (size_t page = offset / PAGE; page < file->pages && (off_t)page * PAGE < end; page++) {
        if (file->saved[page]) continue;
        file->saved[page] = calloc(1, PAGE);
        if (!file->saved[page] || pread(fd, file->saved[page], PAGE, page * PAGE) == -1) abort();
    }
}

static size_t take_back(struct dirty *file, bool in_parts) {
    size_t lost = 0;
    struct stat now;
    if (fstat(file->fd, &now) == -1) abort();
    off_t size = file->size;
    if (in_parts && now.st_size > size) size += random() % (now.st_size - size + 1);
    for (size_t page = 0; page < file->pages; page++) {
        if (!file->saved[page] || (in_parts && random() % 2)) continue;
        off_t at = (off_t)page * PAGE, rest = file->size - at;
        if (pwrite(file->fd, file->saved[page], rest < PAGE ? rest : PAGE, at) == -1) abort();
        lost++;
    }
    if (ftruncate(file->fd, size) == -1) abort();
    return lost + (now.st_size > size ? (now.st_size - size + PAGE - 1) / PAGE : 0);
}

/* ---- Names: the journal of what no fsync has committed, oldest first. ---- */

struct change {
    struct change *next;
    enum { CREATED, REMOVED, REMOVED_DIRECTORY, RENAMED } kind;
    char *path, *to;  /* in the backing directory */
    char *grave;      /* where a removed or replaced file waits */
    struct stat was;  /* of a removed directory */
    ino_t inode, parents[2];
};
static struct change *journal, **journal_end = &journal;

static ino_t parent_of(const char *path) {
    char parent[PATH_MAX];
    struct stat found;
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    return lstat(parent, &found) == -1 ? 0 : found.st_ino;
}

static struct change *note(int kind, const char *path, const char *to) {
    struct change *change = calloc(1, sizeof *change);
    struct stat found;
    change->kind = kind;
    change->path = strdup(path);
    change->parents[0] = parent_of(path);
    if (to) change->to = strdup(to), change->parents[1] = parent_of(to);
    if (lstat(to ? to : path, &found) == 0) change->inode = found.st_ino;
    *journal_end = change;
    journal_end = &change->next;
    return change;
}

static void discard(struct change *change) {
    free(change->path), free(change->to), free(change->grave), free(change);
}

/* Commits the journal through `last`. */
static void commit(struct change *last) {
    for (bool more = last != NULL; more;) {
        struct change *change = journal;
        more = change != last;
        journal = change->next;
        if (change->grave) {
            struct stat found;
            if (lstat(change->grave, &found) == 0 && found.st_nlink == 1) is_synced(found.st_ino);
            unlink(change->grave);
        }
        discard(change);
    }
    if (!journal) journal_end = &journal;
}

static void commit_directory(ino_t directory) {
    struct change *last = NULL;
    for (struct change *change = journal; change; change = change->next)
        if (change->parents[0] == directory || change->parents[1] == directory) last = change;
    commit(last);
}

static void commit_creation(ino_t inode) {
    struct change *last = NULL;
    for (struct change *change = journal; change; change = change->next)
        if (change->kind == CREATED && change->inode == inode) last = change;
    commit(last);
}

static void undo(struct change *change) {
    int failed = 0;
    switch (change->kind) {
    case CREATED: failed = remove(change->path); break;
    case REMOVED: failed = rename(change->grave, change->path); break;
    case REMOVED_DIRECTORY:
        failed = mkdir(change->path, change->was.st_mode & 07777) || chown(change->path, change->was.st_uid, change->was.st_gid);
        break;
    case RENAMED:
        failed = rename(change->to, change->path) || (change->grave && rename(change->grave, change->to));
        break;
    }
    if (failed) fprintf(stderr, "lossyfs: cannot take back %d %s: %s\n", change->kind, change->path, strerror(errno)), abort();
}

static size_t undo_all(struct change *change) {
    if (!change) return 0;
    size_t count = 1 + undo_all(change->next);
    undo(change);
    discard(change);
    return count;
}

static char *bury(const char *path) {
    static unsigned long number;
    char grave[PATH_MAX];
    if (snprintf(grave, sizeof grave, "%s/%lu", removed, number++) >= (int)sizeof grave) abort();
    return rename(path, grave) == -1 ? NULL : strdup(grave);
}

/* ---- The cut. ---- */

static void *cut_on_signal(void *signals) {
    for (unsigned long cuts = 0;; cuts++) {
        int number;
        if (sigwait(signals, &number)) continue;
        pthread_mutex_lock(&lock);
        size_t files = 0, pages = 0;
        for (; dirty_files; files++) {
            pages += take_back(dirty_files, cuts % 2 && random() % 2);
            forget(&dirty_files);
        }
        size_t names = undo_all(journal);
        journal = NULL, journal_end = &journal;
        pthread_mutex_unlock(&lock);
        printf("cut %zu %zu %zu\n", files, pages, names);
        fflush(stdout);
    }
    return NULL;
}

/* ---- The operations. ---- */

static void *op_init(struct fuse_conn_info *connection, struct fuse_config *configuration) {
    static sigset_t signals;
    static pthread_t thread;
    (void)connection;
    /* The kernel remembers nothing: after a cut everything may be another. */
    configuration->entry_timeout = configuration->attr_timeout = configuration->negative_timeout = 0;
    configuration->hard_remove = 1;
    configuration->use_ino = 1;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    if (pthread_create(&thread, NULL, cut_on_signal, &signals)) abort();
    printf("mounted\n");
    fflush(stdout);
    return NULL;
}

static int op_getattr(const char *path, struct stat *found, struct fuse_file_info *file) {
    char real[PATH_MAX];
    real_path(real, path);
    return file ? RESULT(fstat(file->fh, found)) : RESULT(lstat(real, found));
}

static int op_readlink(const char *path, char *target, size_t size) {
    char real[PATH_MAX];
    real_path(real, path);
    ssize_t count = readlink(real, target, size - 1);
    if (count == -1) return -errno;
    target[count] = 0;
    return 0;
}

/* What was just made at `real` is the caller's, and may be taken back. */
static int made(const char *real, int result) {
    struct fuse_context *caller = fuse_get_context();
    if (result == -1) return -errno;
    if (lchown(real, caller->uid, caller->gid) == -1) return -errno;
    note(CREATED, real, NULL);
    return 0;
}

#define LOCKED(type, expression) \
    pthread_mutex_lock(&lock); \
    type result = (expression); \
    pthread_mutex_unlock(&lock); \
    return result

static int op_mknod(const char *path, mode_t mode, dev_t device) {
    char real[PATH_MAX];
    real_path(real, path);
    LOCKED(int, made(real, mknod(real, mode, device)));
}

static int op_mkdir(const char *path, mode_t mode) {
    char real[PATH_MAX];
    real_path(real, path);
    LOCKED(int, made(real, mkdir(real, mode)));
}

static int op_symlink(const char *target, const char *path) {
    char real[PATH_MAX];
    real_path(real, path);
    LOCKED(int, made(real, symlink(target, real)));
}

static int op_link(const char *from, const char *to) {
    char real_from[PATH_MAX], real_to[PATH_MAX];
    real_path(real_from, from), real_path(real_to, to);
    pthread_mutex_lock(&lock);
    int result = RESULT(link(real_from, real_to));
    if (!result) note(CREATED, real_to, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

static int op_unlink(const char *path) {
    char real[PATH_MAX];
    real_path(real, path);
    pthread_mutex_lock(&lock);
    char *grave = bury(real);
    int result = grave ? 0 : -errno;
    if (grave) note(REMOVED, real, NULL)->grave = grave;
    pthread_mutex_unlock(&lock);
    return result;
}

static int op_rmdir(const char *path) {
    char real[PATH_MAX];
    struct stat was;
    real_path(real, path);
    pthread_mutex_lock(&lock);
    int result = lstat(real, &was) == -1 || rmdir(real) == -1 ? -errno : 0;
    if (!result) note(REMOVED_DIRECTORY, real, NULL)->was = was;
    pthread_mutex_unlock(&lock);
    return result;
}

static int rename_locked(const char *from, const char *to, unsigned flags) {
    struct stat source, target;
    if (lstat(from, &source) == -1) return -errno;
    bool replaces = lstat(to, &target) == 0;
    if (replaces && flags == RENAME_NOREPLACE) return -EEXIST;
    if (replaces && source.st_ino == target.st_ino) return 0;
    char *grave = NULL;
    if (replaces && S_ISDIR(target.st_mode)) {
        if (rmdir(to) == -1) return -errno;
        note(REMOVED_DIRECTORY, to, NULL)->was = target;
    } else if (replaces && !(grave = bury(to))) {
        return -errno;
    }
    if (rename(from, to) == -1) abort();
    note(RENAMED, from, to)->grave = grave;
    return 0;
}

static int op_rename(const char *from, const char *to, unsigned flags) {
    char real_from[PATH_MAX], real_to[PATH_MAX];
    if (flags && flags != RENAME_NOREPLACE) return -EINVAL;
    real_path(real_from, from), real_path(real_to, to);
    LOCKED(int, rename_locked(real_from, real_to, flags));
}

static int op_chmod(const char *path, mode_t mode, struct fuse_file_info *file) {
    char real[PATH_MAX];
    real_path(real, path);
    return file ? RESULT(fchmod(file->fh, mode)) : RESULT(chmod(real, mode));
}

static int op_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *file) {
    char real[PATH_MAX];
    real_path(real, path);
    return file ? RESULT(fchown(file->fh, user, group)) : RESULT(lchown(real, user, group));
}

static int op_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
    char real[PATH_MAX];
    real_path(real, path);
    return file ? RESULT(futimens(file->fh, times)) : RESULT(utimensat(AT_FDCWD, real, times, AT_SYMLINK_NOFOLLOW));
}

static int truncate_locked(int fd, off_t size) {
    struct stat now;
    if (fstat(fd, &now) == -1) return -errno;
    save(fd, size, now.st_size);
    return RESULT(ftruncate(fd, size));
}

static int op_truncate(const char *path, off_t size, struct fuse_file_info *file) {
    char real[PATH_MAX];
    real_path(real, path);
    int fd = file ? (int)file->fh : open(real, O_RDWR | O_CLOEXEC);
    if (fd == -1) return -errno;
    pthread_mutex_lock(&lock);
    int result = truncate_locked(fd, size);
    pthread_mutex_unlock(&lock);
    if (!file) close(fd);
    return result;
}

/* The old pages have to be read, whatever the caller may. */
static int flags_of(struct fuse_file_info *file) {
    int flags = file->flags & ~(O_TRUNC | O_APPEND | O_ACCMODE | O_DIRECT | O_SYNC | O_DSYNC);
    return flags | ((file->flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : O_RDWR) | O_CLOEXEC;
}

static int op_open(const char *path, struct fuse_file_info *file) {
    char real[PATH_MAX];
    real_path(real, path);
    if (file->flags & (O_SYNC | O_DSYNC)) return -EINVAL; /* not modelled; refused rather than forgotten */
    int fd = open(real, flags_of(file));
    if (fd == -1) return -errno;
    file->fh = fd;
    if (!(file->flags & O_TRUNC)) return 0;
    LOCKED(int, truncate_locked(fd, 0));
}

static int op_create(const char *path, mode_t mode, struct fuse_file_info *file) {
    char real[PATH_MAX];
    real_path(real, path);
    pthread_mutex_lock(&lock);
    int fd = open(real, flags_of(file) | O_CREAT | O_EXCL, mode), result = made(real, fd);
    file->fh = fd;
    pthread_mutex_unlock(&lock);
    return result;
}

static int op_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *file) {
    (void)path;
    ssize_t count = pread(file->fh, buffer, size, offset);
    return count == -1 ? -errno : count;
}

static int op_write(const char *path, const char *buffer, size_t size, off_t offset, struct fuse_file_info *file) {
    (void)path;
    pthread_mutex_lock(&lock);
    save(file->fh, offset, offset + size);
    ssize_t count = pwrite(file->fh, buffer, size, offset);
    int result = count == -1 ? -errno : count;
    pthread_mutex_unlock(&lock);
    return result;
}

static int op_release(const char *path, struct fuse_file_info *file) {
    (void)path;
    return RESULT(close(file->fh));
}

static void wait_as_told(void) {
    char name[PATH_MAX + 8];
    unsigned milliseconds = 0;
    snprintf(name, sizeof name, "%s.delay", backing);
    FILE *told = fopen(name, "re");
    if (!told) return;
    if (fscanf(told, "%u", &milliseconds) == 1) usleep(milliseconds * 1000);
    fclose(told);
}

static int op_fsync(const char *path, int data_only, struct fuse_file_info *file) {
    struct stat now;
    (void)path, (void)data_only;
    wait_as_told();
    if (fstat(file->fh, &now) == -1) return -errno;
    pthread_mutex_lock(&lock);
    is_synced(now.st_ino);
    commit_creation(now.st_ino);
    pthread_mutex_unlock(&lock);
    return 0;
}

static int op_fsyncdir(const char *path, int data_only, struct fuse_file_info *file) {
    char real[PATH_MAX];
    struct stat found;
    (void)data_only, (void)file;
    real_path(real, path);
    if (lstat(real, &found) == -1) return -errno;
    pthread_mutex_lock(&lock);
    commit_directory(found.st_ino);
    pthread_mutex_unlock(&lock);
    return 0;
}

static int op_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *file,
                      enum fuse_readdir_flags flags) {
    char real[PATH_MAX];
    (void)offset, (void)file, (void)flags;
    real_path(real, path);
    DIR *directory = opendir(real);
    if (!directory) return -errno;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat found = {.st_ino = entry->d_ino, .st_mode = DTTOIF(entry->d_type)};
        if (fill(buffer, entry->d_name, &found, 0, 0)) break;
    }
    closedir(directory);
    return 0;
}

static int op_statfs(const char *path, struct statvfs *found) {
    char real[PATH_MAX];
    real_path(real, path);
    return RESULT(statvfs(real, found));
}

static const struct fuse_operations operations = {
    .init = op_init, .getattr = op_getattr, .readlink = op_readlink, .mknod = op_mknod, .mkdir = op_mkdir,
    .symlink = op_symlink, .link = op_link, .unlink = op_unlink, .rmdir = op_rmdir, .rename = op_rename,
    .chmod = op_chmod, .chown = op_chown, .utimens = op_utimens, .truncate = op_truncate, .open = op_open,
    .create = op_create, .read = op_read, .write = op_write, .release = op_release, .fsync = op_fsync,
    .fsyncdir = op_fsyncdir, .readdir = op_readdir, .statfs = op_statfs,
};

int main(int count, char **words) {
    if (count != 3 || !realpath(words[1], backing)) {
        fprintf(stderr, "usage: lossyfs BACKING MOUNTPOINT\n");
        return 2;
    }
    if (snprintf(removed, sizeof removed, "%s.removed", backing) >= (int)sizeof removed ||
        (mkdir(removed, 0700) == -1 && errno != EEXIST)) {
        perror("lossyfs: a directory beside the backing one");
        return 1;
    }
    umask(0);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    char *arguments[] = {words[0], "-f", "-o", "allow_other,default_permissions,fsname=lossyfs", words[2], NULL};
    return fuse_main(5, arguments, &operations, NULL);
}
