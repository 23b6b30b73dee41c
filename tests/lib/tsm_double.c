#define FUSE_USE_VERSION 31
#include "tsm_double.h"
#include "base/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fuse3/fuse.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FOLDERS_MAX = 64, BLOB_MAX = 4 * HF_QUOTE_MAX };

enum attribute { PROVIDER, GENERATION, INBLOB, OUTBLOB, ATTRIBUTES, RTMR3 };

static const char *const attribute_name[ATTRIBUTES] = {"provider", "generation", "inblob",
                                                       "outblob"};

struct folder {
    char name[80];
    bool used;
    uint64_t generation;
    uint8_t inblob[64];
    size_t inblob_len;
};

/* Beside the folders, where the kernel has it elsewhere. */
static const char rtmr3_path[] = "/rtmr3:sha384";

/* What a file descriptor of the client has written or is about to read. */
struct handle {
    enum attribute attribute;
    struct folder *folder;
    uint8_t *data;
    size_t len;
    bool written;
    bool filled;
};

static struct {
    pthread_mutex_t lock;
    struct folder folder[FOLDERS_MAX];
    struct tsm_double_knobs *knobs;
    const struct hf_dev_machine *machine;
    struct hf_dev_td td;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Whether a knob that counts down takes effect now. */
static bool take(atomic_int *knob)
{
    int v = atomic_load(knob);
    while (v > 0)
        if (atomic_compare_exchange_weak(knob, &v, v - 1))
            return true;
    return false;
}

static struct folder *find(const char *name, size_t len)
{
    for (size_t i = 0; i < FOLDERS_MAX; i++) {
        struct folder *f = &world.folder[i];
        if (f->used && strlen(f->name) == len && memcmp(f->name, name, len) == 0)
            return f;
    }
    return NULL;
}

/* "/folder/attribute" or "/folder", the latter with ATTRIBUTES. NULL: no such thing. */
static struct folder *resolve(const char *path, enum attribute *ret)
{
    size_t len = strcspn(path + 1, "/");
    struct folder *f = find(path + 1, len);
    const char *rest = path + 1 + len;
    *ret = ATTRIBUTES;
    if (f == NULL || *rest == '\0')
        return f;
    for (int a = 0; a < ATTRIBUTES; a++)
        if (strcmp(rest + 1, attribute_name[a]) == 0) {
            *ret = (enum attribute)a;
            return f;
        }
    return NULL;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *fi)
{
    (void)fi;
    enum attribute a = ATTRIBUTES;
    pthread_mutex_lock(&world.lock);
    bool rtmr3 = strcmp(path, rtmr3_path) == 0;
    bool found = rtmr3 || strcmp(path, "/") == 0 || resolve(path, &a) != NULL;
    pthread_mutex_unlock(&world.lock);
    if (!found)
        return -ENOENT;
    *st = (struct stat){.st_nlink = 1, .st_uid = getuid(), .st_gid = getgid()};
    /* As configfs has them, for a folder of any maker: its maker's only where that is root. */
    static const mode_t modes[ATTRIBUTES] = {
        [PROVIDER] = 0444, [GENERATION] = 0444, [INBLOB] = 0200, [OUTBLOB] = 0400};
    st->st_mode = a == ATTRIBUTES ? S_IFDIR | 0755 : S_IFREG | modes[a];
    if (rtmr3)
        st->st_mode = S_IFREG | 0644;
    st->st_mtime = time(NULL) - atomic_load(&world.knobs->folder_age_s);
    return 0;
}

static int list(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
                struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
    (void)offset, (void)fi, (void)flags;
    if (strcmp(path, "/") != 0) {
        for (int a = 0; a < ATTRIBUTES; a++)
            fill(buf, attribute_name[a], NULL, 0, (enum fuse_fill_dir_flags)0);
        return 0;
    }
    pthread_mutex_lock(&world.lock);
    for (size_t i = 0; i < FOLDERS_MAX; i++)
        if (world.folder[i].used)
            fill(buf, world.folder[i].name, NULL, 0, (enum fuse_fill_dir_flags)0);
    pthread_mutex_unlock(&world.lock);
    return 0;
}

static int make_folder(const char *path, mode_t mode)
{
    (void)mode;
    int error = atomic_load(&world.knobs->mkdir_errno);
    if (error != 0)
        return -error;
    struct folder *f = NULL;
    pthread_mutex_lock(&world.lock);
    for (size_t i = 0; i < FOLDERS_MAX && f == NULL; i++)
        if (!world.folder[i].used)
            f = &world.folder[i];
    if (f != NULL) {
        *f = (struct folder){.used = true};
        snprintf(f->name, sizeof f->name, "%.79s", path + 1);
        atomic_fetch_add(&world.knobs->folders, 1);
        atomic_fetch_add(&world.knobs->folders_made, 1);
    }
    pthread_mutex_unlock(&world.lock);
    return f != NULL ? 0 : -ENOSPC;
}

static int remove_folder(const char *path)
{
    enum attribute a;
    pthread_mutex_lock(&world.lock);
    struct folder *f = resolve(path, &a);
    if (f != NULL) {
        f->used = false;
        atomic_fetch_sub(&world.knobs->folders, 1);
    }
    pthread_mutex_unlock(&world.lock);
    return f != NULL ? 0 : -ENOENT;
}

static int open_attribute(const char *path, struct fuse_file_info *fi)
{
    enum attribute a;
    pthread_mutex_lock(&world.lock);
    struct folder *f = resolve(path, &a);
    pthread_mutex_unlock(&world.lock);
    if (strcmp(path, rtmr3_path) == 0)
        a = RTMR3;
    else if (f == NULL)
        return -ENOENT;
    struct handle *h = calloc(1, sizeof *h);
    if (h == NULL || (h->data = calloc(1, BLOB_MAX)) == NULL) {
        free(h);
        return -ENOMEM;
    }
    h->attribute = a;
    h->folder = f;
    fi->fh = (uint64_t)(uintptr_t)h;
    fi->direct_io = 1;
    return 0;
}

static int make_quote(const struct folder *f, struct handle *h)
{
    struct hf_buf quote;
    uint8_t report_data[64];
    memcpy(report_data, f->inblob, sizeof report_data);
    if (atomic_load(&world.knobs->other_data))
        report_data[0] ^= 1;
    hf_buf_init(&quote, HF_QUOTE_MAX);
    if (hf_dev_quote_make(world.machine, &world.td, HF_DEV_QUOTE_V4, report_data, &quote) != 0)
        return -EIO;
    memcpy(h->data, quote.data, quote.len);
    int len = atomic_load(&world.knobs->outblob_len);
    h->len = len >= 0 ? (size_t)len : quote.len;
    hf_buf_done(&quote);
    return 0;
}

static int fill(struct handle *h)
{
    if (h->attribute == RTMR3) {
        h->len = sizeof world.td.rtmr[3];
        memcpy(h->data, world.td.rtmr[3], h->len);
        return 0;
    }
    if (h->attribute == OUTBLOB) {
        while (atomic_load(&world.knobs->gate_closed))
            usleep(1000);
        if (h->folder->inblob_len == 0)
            return -EINVAL;
        if (take(&world.knobs->outblob_failures))
            return -atomic_load(&world.knobs->outblob_errno);
        return make_quote(h->folder, h);
    }
    const char *provider = atomic_load(&world.knobs->wrong_provider) ? "sev_guest" : "tdx_guest";
    h->len =
        (size_t)(h->attribute == PROVIDER ? snprintf((char *)h->data, BLOB_MAX, "%s\n", provider)
                                          : snprintf((char *)h->data, BLOB_MAX, "%lu\n",
                                                     (unsigned long)h->folder->generation));
    return 0;
}

static int read_attribute(const char *path, char *buf, size_t size, off_t offset,
                          struct fuse_file_info *fi)
{
    (void)path;
    struct handle *h = (struct handle *)(uintptr_t)fi->fh;
    if (!h->filled) {
        int rc = fill(h);
        if (rc != 0)
            return rc;
        h->filled = true;
    }
    if ((size_t)offset >= h->len)
        return 0;
    size_t left = h->len - (size_t)offset;
    size_t len = left < size ? left : size;
    memcpy(buf, h->data + offset, len);
    return (int)len;
}

static int write_attribute(const char *path, const char *buf, size_t size, off_t offset,
                           struct fuse_file_info *fi)
{
    (void)path;
    struct handle *h = (struct handle *)(uintptr_t)fi->fh;
    int error = atomic_load(&world.knobs->inblob_errno);
    if (error != 0)
        return -error;
    if ((h->attribute != INBLOB && h->attribute != RTMR3) || offset < 0 ||
        (size_t)offset + size > 64)
        return -EINVAL;
    memcpy(h->data + offset, buf, size);
    h->len = (size_t)offset + size;
    h->written = true;
    return (int)size;
}

/* RTMR3 = SHA-384(RTMR3 || what was written), of a digest's length. */
static int extend_rtmr3(const struct handle *h)
{
    uint8_t input[2 * HF_DEV_REGISTER_LEN];
    if (h->len != HF_DEV_REGISTER_LEN)
        return -EINVAL;
    memcpy(input, world.td.rtmr[3], HF_DEV_REGISTER_LEN);
    memcpy(input + HF_DEV_REGISTER_LEN, h->data, HF_DEV_REGISTER_LEN);
    SHA384(input, sizeof input, world.td.rtmr[3]);
    return 0;
}

/* close(2) waits for flush: this is where the kernel would commit a binary attribute. */
static int commit(const char *path, struct fuse_file_info *fi)
{
    (void)path;
    struct handle *h = (struct handle *)(uintptr_t)fi->fh;
    if (!h->written || take(&world.knobs->lost_writes))
        return 0;
    h->written = false;
    if (h->attribute == RTMR3)
        return extend_rtmr3(h);
    pthread_mutex_lock(&world.lock);
    memcpy(h->folder->inblob, h->data, h->len);
    h->folder->inblob_len = h->len;
    h->folder->generation++;
    if (take(&world.knobs->interferences))
        h->folder->generation++;
    pthread_mutex_unlock(&world.lock);
    return 0;
}

static int release_handle(const char *path, struct fuse_file_info *fi)
{
    (void)path;
    struct handle *h = (struct handle *)(uintptr_t)fi->fh;
    free(h->data);
    free(h);
    return 0;
}

static int cut(const char *path, off_t len, struct fuse_file_info *fi)
{
    (void)path, (void)len, (void)fi;
    return 0;
}

/* The test changes what it sees behind the kernel's back: nothing may be remembered. */
static void *begin(struct fuse_conn_info *conn, struct fuse_config *config)
{
    (void)conn;
    config->attr_timeout = 0;
    config->entry_timeout = 0;
    config->negative_timeout = 0;
    return NULL;
}

static const struct fuse_operations operations = {
    .init = begin,
    .getattr = get_attributes,
    .readdir = list,
    .mkdir = make_folder,
    .rmdir = remove_folder,
    .open = open_attribute,
    .read = read_attribute,
    .write = write_attribute,
    .flush = commit,
    .release = release_handle,
    .truncate = cut,
};

/* The child: says on ready_fd whether it could mount, then serves until SIGTERM. */
static void serve(const char *path, int ready_fd)
{
    /* The kernel holds every user to owners and modes, as it does in configfs. Others than the
     * maker may look only where root made it. */
    char name[] = "tsm_double", option[] = "-o", checked[] = "default_permissions",
         shared[] = "default_permissions,allow_other";
    char *argv[] = {name, option, geteuid() == 0 ? shared : checked, NULL};
    struct fuse_args args = FUSE_ARGS_INIT(3, argv);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct fuse *fuse = fuse_new(&args, &operations, sizeof operations, NULL);
    bool mounted = fuse != NULL && fuse_mount(fuse, path) == 0;
    (void)!write(ready_fd, mounted ? "y" : "n", 1);
    close(ready_fd);
    if (!mounted)
        _exit(1);
    fuse_set_signal_handlers(fuse_get_session(fuse));
    fuse_loop_mt(fuse, 0);
    fuse_unmount(fuse);
    fuse_destroy(fuse);
    _exit(0);
}

int tsm_double_start(const struct hf_dev_machine *machine, const struct hf_dev_td *td,
                     struct tsm_double *ret)
{
    struct tsm_double d = {.path = "/tmp/hf-tsm-XXXXXX"};
    int ready[2];
    if (access("/dev/fuse", R_OK | W_OK) != 0)
        return HF_EUNSUPPORTED;
    d.knobs =
        mmap(NULL, sizeof *d.knobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (d.knobs == MAP_FAILED)
        return HF_ENOMEM;
    if (mkdtemp(d.path) == NULL || pipe(ready) != 0)
        return HF_EIO;
    atomic_store(&d.knobs->outblob_len, -1);
    world.knobs = d.knobs;
    world.machine = machine;
    world.td = *td;
    d.pid = fork();
    if (d.pid == 0) {
        close(ready[0]);
        serve(d.path, ready[1]);
    }
    char answer = 'n';
    close(ready[1]);
    (void)!read(ready[0], &answer, 1);
    close(ready[0]);
    if (answer == 'y') {
        *ret = d;
        return 0;
    }
    (void)waitpid(d.pid, NULL, 0);
    rmdir(d.path);
    munmap(d.knobs, sizeof *d.knobs);
    return HF_EUNSUPPORTED;
}

void tsm_double_stop(struct tsm_double *d)
{
    atomic_store(&d->knobs->gate_closed, 0);
    kill(d->pid, SIGTERM);
    (void)waitpid(d->pid, NULL, 0);
    rmdir(d->path);
    munmap(d->knobs, sizeof *d->knobs);
}

void tsm_machine_start(struct tsm_machine *ret)
{
    struct hf_dev_authority_spec spec;
    struct hf_dev_machine_spec machine_spec;
    struct hf_dev_td td;
    hf_dev_authority_spec_init(&spec, 1760000000);
    cr_assert_eq(hf_dev_authority_new(&spec, &ret->authority), 0);
    hf_dev_machine_spec_init(&machine_spec, hf_bytes_of("node-1", 6), 1760000000);
    cr_assert_eq(hf_dev_machine_new(ret->authority, &machine_spec, &ret->machine), 0);
    hf_dev_td_init(&td, "image");
    int r = tsm_double_start(ret->machine, &td, &ret->kernel);
    if (r == HF_EUNSUPPORTED)
        cr_skip_test("skipped: FUSE cannot be used here, so there is no double of the kernel");
    cr_assert_eq(r, 0);
}

void tsm_machine_stop(struct tsm_machine *m)
{
    if (m->kernel.pid != 0)
        tsm_double_stop(&m->kernel);
    hf_dev_machine_free(m->machine);
    hf_dev_authority_free(m->authority);
}
