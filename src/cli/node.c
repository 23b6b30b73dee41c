/* holdfast node init|key: a machine's configuration, with a comment for each line that a person may
 * want to change. */
#include "ask.h"
#include "authority.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/id.h"
#include "command.h"
#include "base/options.h"
#include "config/schema.h"
#include "set_form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { JOINS_MAX = 16, FILE_MAX = 64 << 10 };

static const char usage[] =
    "usage: holdfast node init --network ID [--join HOST:PORT ...] [--dir DIR]\n"
    "                          [--listen IP:PORT] [--address HOST:PORT]\n"
    "                          [--documents DIR] [--dev DIR [--machine NAME]]\n"
    "                          [--service]\n"
    "       holdfast node key FILE\n"
    "\n"
    "key makes the key of an operator outside the trust domain, for --operator, and\n"
    "prints its public part, which `holdfast set operator-key` names.\n"
    "init writes holdfastd.yaml, which `holdfastd --check-config` accepts, and says what\n"
    "comes next. Nothing that is there is overwritten.\n"
    "\n"
    "  --network ID         as `holdfast network init` printed it\n"
    "  --join HOST:PORT     a node of the network, from which documents are pulled\n"
    "  --dir DIR            where to; default: the current folder\n"
    "  --service            for the unit holdfastd.service: in /etc/holdfast, with the\n"
    "                       folders that the unit has, and with the file network there,\n"
    "                       which holdfast-measure.service reads\n"
    "  --listen IP:PORT     default 0.0.0.0:7700, with --address\n"
    "  --address HOST:PORT  where others reach it, if not at --listen\n"
    "  --documents DIR      folder of signed documents, beside what peers have\n"
    "  --dev DIR            development: the folder of the network's authority\n"
    "  --machine NAME       development: the simulated machine; default: the name of DIR\n";

struct options {
    const char *network, *dir, *listen, *address, *documents, *dev, *machine;
    const char *joins[JOINS_MAX];
    size_t joins_count;
    bool service;
};

static bool add_join(void *options, const char *text)
{
    struct options *o = options;
    if (o->joins_count == JOINS_MAX)
        return false;
    o->joins[o->joins_count++] = text;
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct hf_option table[] = {HF_TEXT_OF("network", struct options, network),
                                             HF_TAKE_BY("join", add_join),
                                             HF_TEXT_OF("dir", struct options, dir),
                                             HF_TEXT_OF("listen", struct options, listen),
                                             HF_TEXT_OF("address", struct options, address),
                                             HF_TEXT_OF("documents", struct options, documents),
                                             HF_TEXT_OF("dev", struct options, dev),
                                             HF_TEXT_OF("machine", struct options, machine),
                                             HF_FLAG_OF("service", struct options, service)};
    char **words;
    int count;
    *o = (struct options){.listen = "0.0.0.0:7700"};
    bool ok = argc >= 2 && strcmp(argv[1], "init") == 0 &&
              hf__options(argc - 1, argv + 1, table, HF_ARRAY_LEN(table), o, &words, &count) &&
              o->network != NULL && count == 0;
    if (o->dir == NULL)
        o->dir = o->service ? "/etc/holdfast" : ".";
    return ok;
}

static bool address_ok(const char *option, const char *text)
{
    bool ok = hf_config_address_valid(text);
    if (!ok)
        fprintf(stderr,
                "holdfast node: %s %s: write host:port of a machine, as node1.example:7700\n",
                option, text);
    return ok;
}

static bool addresses_ok(const struct options *o)
{
    bool ok = o->address == NULL || address_ok("--address", o->address);
    for (size_t i = 0; ok && i < o->joins_count; i++)
        ok = address_ok("--join", o->joins[i]);
    if (ok && !hf_config_listen_valid(o->listen)) {
        hf__say("node", "--listen: write ip:port or [v6]:port, as 0.0.0.0:7700", 0);
        return false;
    }
    return ok;
}

/* The daemon listens at DIR/socket, and the kernel takes no longer path. */
static bool socket_fits(const char *folder)
{
    char *path = realpath(folder, NULL), *here = realpath(".", NULL);
    size_t len = path != NULL       ? strlen(path)
                 : here == NULL     ? 0
                 : folder[0] == '/' ? strlen(folder)
                                    : strlen(here) + 1 + strlen(folder);
    free(path);
    free(here);
    bool fits = len + sizeof "/socket" <= sizeof((struct sockaddr_un *)NULL)->sun_path;
    if (!fits)
        hf__say("node",
                "--dir: with it the daemon's socket has a longer path than the 107 bytes "
                "that there may be; take a shorter one",
                0);
    return fits;
}

/* What cannot be right, said before anything is written. */
static bool check(const struct options *o)
{
    struct hf_network_id id;
    const char *texts[] = {o->listen, o->address, o->documents, o->dev, o->machine};
    if (hf_hex_decode(o->network, id.bytes, sizeof id) != 0) {
        hf__say("node", "--network: 64 hexadecimal digits, as `holdfast network init` printed", 0);
        return false;
    }
    for (size_t i = 0; i < HF_ARRAY_LEN(texts) + o->joins_count; i++) {
        const char *text = i < HF_ARRAY_LEN(texts) ? texts[i] : o->joins[i - HF_ARRAY_LEN(texts)];
        if (text != NULL && (strchr(text, '"') != NULL || strchr(text, '\\') != NULL)) {
            hf__say("node", text, HF_EINVAL);
            return false;
        }
    }
    if (hf_config_address_unspecified(o->address != NULL ? o->address : o->listen)) {
        hf__say("node", "--address: peers need one of this machine, such as node1.example:7700", 0);
        return false;
    }
    if (o->joins_count == 0 && o->documents == NULL && o->dev == NULL) {
        hf__say("node", "--join a node of the network, or --documents of its authority", 0);
        return false;
    }
    return !hf__dev_refused("node", o->dev != NULL) && addresses_ok(o) && socket_fits(o->dir);
}

/* What stands before the names of what the daemon writes: the unit may write nowhere else. */
static const char *data_in(const struct options *o)
{
    return o->service ? "/var/lib/holdfast/" : "";
}

/* The last part of the folder's real path. */
static void machine_name(const struct options *o, char ret[static HF__NAME_LEN])
{
    char *path = realpath(o->dir, NULL);
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    snprintf(ret, HF__NAME_LEN, "%s",
             o->machine != NULL                  ? o->machine
             : slash != NULL && slash[1] != '\0' ? slash + 1
                                                 : "node");
    free(path);
}

static void write_dev(struct hf_buf *b, const struct options *o)
{
    char name[HF__NAME_LEN];
    machine_name(o, name);
    char *dev = realpath(o->dev, NULL);
    const char *folder = dev != NULL ? dev : o->dev;
    if (o->documents == NULL)
        hf_buf_printf(b, "documents: \"%s/documents\"\n", folder);
    hf_buf_printf(b,
                  "\n# Development: nothing is protected. For real machines: platform: tdx.\n"
                  "platform: dev\ndev:\n  authority: \"%s/dev\"\n  machine: %smachine\n"
                  "  # Another machine than this may not recover.\n  machine_id: \"%s\"\n"
                  "\n# By what quotes are judged.\ncollateral: \"%s/collateral\"\n",
                  folder, data_in(o), name, folder);
    free(dev);
}

static void write_tdx(struct hf_buf *b, const struct options *o)
{
    hf_buf_printf(
        b,
        "\n# Quotes of this trust domain, made by holdfast-report.socket.\nplatform: tdx\n"
        "\n# By what quotes are judged. Fill it with holdfast-collateral, or have the daemon\n"
        "# fetch it by itself from a PCCS:\ncollateral: %scollateral\n"
        "#collateral_service:\n#  url: https://localhost:8081\n",
        o->service ? data_in(o) : "data/");
}

static void write_file(struct hf_buf *b, const struct options *o)
{
    hf_buf_printf(b,
                  "# Configuration of holdfastd(8); check it with `holdfastd --check-config "
                  "--config FILE`.\n# Relative paths start at the folder of this file.\n"
                  "\n# The vault: ciphertext, and precious. Copy it now and then once the node is "
                  "ready.\ndata: %s\n"
                  "\n# The network: a key is never given to another.\nnetwork: \"%s\"\n"
                  "\n# Where peers reach this node.\nlisten: \"%s\"\n",
                  o->service ? "/var/lib/holdfast" : "data", o->network, o->listen);
    if (o->address != NULL)
        hf_buf_printf(b, "address: \"%s\"\n", o->address);
    hf_buf_printf(b, "\n# Nodes from which the network's documents are pulled.\nseeds: [");
    for (size_t i = 0; i < o->joins_count; i++)
        hf_buf_printf(b, "%s\"%s\"", i > 0 ? ", " : "", o->joins[i]);
    hf_buf_printf(b, "]\n");
    if (o->documents != NULL)
        hf_buf_printf(b, "documents: \"%s\"\n", o->documents);
    if (o->dev != NULL)
        write_dev(b, o);
    else
        write_tdx(b, o);
    hf_buf_printf(b,
                  "\n# The application and the `holdfast` command ask here.\nsocket: %ssocket\n"
                  "\n# Counters for Prometheus, and the status page, on 127.0.0.1.\n"
                  "#metrics: {port: 9700, page: true}\n"
                  "\n#log: {format: json, level: info}\n",
                  o->service ? "/run/holdfast/" : "");
}

/* For the unit that measures the network before anything has a key. */
static int write_network(const struct options *o)
{
    char path[HF__PATH_LEN], text[2 * HF_ID_LEN + 32];
    struct stat st;
    if (!hf__path(path, o->dir, "network"))
        return hf__say("node", o->dir, HF_ETOOBIG);
    if (lstat(path, &st) == 0)
        return 0; /* the image has it: the daemon holds it against its configuration */
    int len = snprintf(text, sizeof text, "HOLDFAST_NETWORK=%s\n", o->network);
    int r = hf_file_replace(path, hf_bytes_of(text, (size_t)len), 0644);
    return r != 0 ? hf__say("node", path, r) : 0;
}

static void say_next(const struct options *o, const char *path)
{
    char socket[HF__PATH_LEN] = "";
    printf("wrote %s\n", path);
    if (o->service) {
        printf("next, here:       systemctl enable --now --no-block holdfast-measure holdfastd\n");
    } else {
        printf("next, here:       holdfastd%s --config %s\n", hf__as_root(), path);
        snprintf(socket, sizeof socket, " --socket %s/socket", o->dir);
    }
    printf("at the authority: holdfast%s set add --operator NAME\n"
           "                  (from another machine: `holdfast%s identity --output FILE` here, "
           "`holdfast set add FILE` there)\n"
           "                  then, for all of them at once: holdfast set sign\n"
           "Do not restart the node before `holdfast%s status` says placed: its account is in "
           "memory only until then.\n",
           socket, socket, socket);
}

static int init(const struct options *o)
{
    char path[HF__PATH_LEN];
    struct hf_buf b;
    struct stat st;
    if (mkdir(o->dir, o->service ? 0755 : 0700) != 0 && errno != EEXIST)
        return hf__say("node", o->dir, hf_error_from_errno(errno));
    if (!hf__path(path, o->dir, "holdfastd.yaml"))
        return hf__say("node", o->dir, HF_ETOOBIG);
    if (lstat(path, &st) == 0)
        return hf__say("node", path, HF_EEXIST);
    hf_buf_init(&b, FILE_MAX);
    write_file(&b, o);
    int r = b.error != 0 ? b.error : hf_file_replace(path, hf_buf_bytes(&b), 0644);
    hf_buf_done(&b);
    if (r != 0)
        return hf__say("node", path, r);
    if (o->service && write_network(o) != 0)
        return HF_CLI_ERROR;
    say_next(o, path);
    return HF_CLI_OK;
}

int hf_cli_node(int argc, char **argv)
{
    struct options o;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (argc == 3 && strcmp(argv[1], "key") == 0 && argv[2][0] != '-')
        return hf__key_new("node", argv[2], hf__operator_key_make);
    if (!read_options(argc, argv, &o))
        return hf__usage(usage);
    return check(&o) ? init(&o) : HF_CLI_USAGE;
}
