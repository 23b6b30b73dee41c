"""What the tidy checks hold the tree against: who may include whom, what may be called, how long things may be."""

# Rooms of src/ in order, each with the rooms whose public headers it may include. The adapters (clock, store, net)
# are blind to each other, and see of core what its include/ folder shows.
_INNER = ["base", "config", "wire", "crypto", "attest", "document", "core"]
ROOMS = {room: _INNER[:i] for i, room in enumerate(_INNER)}
ROOMS |= {adapter: _INNER for adapter in ("clock", "store", "net")}
# What a process may still do; and the program that makes quotes with a privilege that the daemon has not.
ROOMS["sandbox"] = ["base"]
ROOMS["report"] = ["base", "crypto", "attest", "sandbox"]
# The program that asks time servers, through chronyd.
ROOMS["time"] = ["base", "wire", "crypto", "attest", "document"]
# A share holder's program, and the one that deals quorum keys.
ROOMS["ceremony"] = ["base", "wire", "crypto", "attest", "document", "sandbox"]
ROOMS["share"] = ["base", "wire", "crypto", "attest", "document"]
# A program of its own, so that the daemon does not map libcurl.
ROOMS["fetch"] = ["base", "config", "wire", "crypto", "attest", "sandbox"]
ROOMS["client"] = _INNER
# The status page, which the daemon and the command show.
ROOMS["page"] = ["base"]
ROOMS["daemon"] = _INNER + ["sandbox", "clock", "store", "net", "client", "page"]
# The operator's command reads and signs documents, and asks a daemon; it runs no engine.
ROOMS["cli"] = ["base", "config", "wire", "crypto", "attest", "document", "client", "net", "page"]
# The simulator brings its own doubles for the world.
SIM_ROOMS = _INNER

# Chambers of src/core, each a folder with one header, and the chambers below it. What stands beside them is the engine.
CHAMBERS = {
    "engine": ["life", "handover", "quorum", "owner", "provider", "register", "members", "trust", "node"],
    "life": ["handover", "quorum", "owner", "provider", "register", "members", "trust", "node"],
    "handover": ["owner", "register", "members", "trust", "node"],
    "quorum": ["owner", "register", "members", "trust", "node"],
    "owner": ["register", "members", "trust", "node"],
    "provider": ["register", "members", "trust", "node"],
    "register": ["members", "trust", "node"],
    "members": ["trust", "node"],
    "trust": ["node"],
    "node": [],
}
# Chambers of sim, each a folder, from the lowest: each may include the headers of those before it.
SIM_CHAMBERS = [
    "suites", "lib", "codec", "world", "node", "attestation", "network", "storage", "authority", "checkers", "run",
    "hostile", "scenario", "trial", "study", "figure", "command",
]
# Files of core that call each other in one circle.
CIRCLE_FILES_MAX = 5

# Foreign libraries: the start of a header's name, its variables in meson.build, the rooms that may use it.
LIBRARIES = [
    ("sodium", ["sodium_dep"], {"base", "crypto"}),
    ("openssl/", ["libcrypto_dep", "ssl_dep"], {"attest", "net", "clock"}),
    ("uv.h", ["uv_dep"], {"net", "daemon"}),
    ("ares.h", ["cares_dep"], {"net"}),
    ("nghttp2/", ["nghttp2_dep"], {"net", "daemon"}),
    ("sqlite3.h", ["sqlite_dep"], {"store"}),
    ("yaml.h", ["yaml_dep"], {"config"}),
    ("jansson.h", ["jansson_dep"], {"attest", "daemon", "cli", "client", "page", "sim"}),
    ("duktape.h", ["duktape_dep"], {"sim"}),
    ("msgpack", ["msgpack_dep"], {"wire"}),
    ("curl/", ["curl_dep"], {"fetch"}),
    ("seccomp.h", ["seccomp_dep"], {"sandbox"}),
    ("p11-kit/", ["p11_dep"], {"share"}),
    ("qrencode.h", ["qrencode_dep"], {"share"}),
]

# Rooms that reach nothing but memory: the engine, and the documents by which it judges.
PURE_ROOMS = {"document", "core"}
# Headers of C17 that give no I/O, clock, thread or randomness: all that they may include.
PURE_HEADERS = {
    "assert.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",
    "stdint.h", "stdlib.h", "string.h",
}
# Headers of C17, POSIX and Linux: all that other rooms may include besides libraries.
SYSTEM_HEADERS = PURE_HEADERS | {
    "ctype.h", "dirent.h", "dlfcn.h", "fcntl.h", "fnmatch.h", "getopt.h", "grp.h", "ifaddrs.h", "locale.h", "malloc.h", "netdb.h",
    "poll.h", "pthread.h", "pwd.h", "sched.h", "signal.h", "spawn.h", "stdatomic.h", "stdio.h", "strings.h",
    "ucontext.h", "syslog.h", "termios.h", "threads.h", "time.h", "unistd.h", "wchar.h",
}
SYSTEM_FOLDERS = ("sys/", "linux/", "netinet/", "net/if.h", "arpa/", "asm/")

# What they may take from outside their archives: functions of the rooms above, and these of the C library. All
# work on memory alone; snprintf is left out with the rest of stdio (base has a buffer that formats).
PURE_SYMBOLS = {
    "abort", "bsearch", "calloc", "free", "malloc", "memchr", "memcmp", "memcpy", "memmove", "memset", "qsort",
    "realloc", "strchr", "strcmp", "strlen", "strncmp", "strnlen",
    "__memcpy_chk", "__memmove_chk", "__memset_chk", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_",
}
# What compilers add for sanitizers, fuzzing and coverage.
INSTRUMENT_SYMBOLS = ("__asan_", "__ubsan_", "__sanitizer_", "__sancov_", "__lsan_", "__gcov_", "__llvm_")
# Functions of the rooms above that reach the outside world all the same.
IMPURE_FUNCTIONS = ("hf_file_", "hf_folder_", "hf_error_from_errno")

# Calls that nobody makes: no bound, hidden state, a hidden process, or an error that cannot be told from a value.
BANNED_CALLS = {
    "strcpy", "strcat", "strncpy", "strncat", "stpcpy", "sprintf", "vsprintf", "gets", "strtok", "rand", "srand",
    "random", "srandom", "drand48", "lrand48", "alloca", "atoi", "atol", "atoll", "atof", "sscanf", "scanf", "fscanf",
    "system", "popen", "tmpnam", "tempnam", "mktemp", "gmtime", "localtime", "ctime", "asctime", "strerror", "setjmp",
    "longjmp", "vfork",
}
# What takes one of libuv's threads: quotes, one at a time who looks at folders, and the start, so that nothing else keeps them
# waiting. Names are looked up on the loop (net/resolve.c), and the disk has a thread of its own (store/writer.c).
POOL_CALLS = {"uv_queue_work", "uv_getaddrinfo", "uv_getnameinfo"}
POOL_USERS = {"src/daemon/quotes.c", "src/daemon/folders.c", "src/daemon/start.c"}
# Libraries never log (an assertion may say where it failed, and the end of a program that its output was lost).
STREAM_CALLS = {"printf", "fprintf", "vprintf", "vfprintf", "puts", "fputs", "putchar", "fputc", "perror", "syslog"}
SILENT_ROOMS = set(ROOMS) - {"daemon", "cli", "share"}
MAY_SPEAK = {"src/base/assert.c", "src/base/printed.c", "src/fetch/main.c", "src/report/main.c", "src/report/measure.c", "src/time/main.c", "src/ceremony/main.c"}

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
# Of C, as .clang-format has it; comments too, which clang-format leaves as they are.
COLUMNS_MAX = 100

TOP_LEVEL = {
    "meson.build", "meson_options.txt", "src", "include", "proto", "tests", "sim", "contrib", "README.md", "LICENSE",
}

# Publications outside the tree whose name a number may follow in a comment, and SQL's word.
OUTER_SERIES = {"FIPS", "ASIACRYPT", "SELECT"}

# Files outside the tree that a comment may name.
OUTER_FILES = {"sysexits.h", "arch/x86/include/asm/shared/tdx.h", "msgpack/unpack_template.h"}

# Words for an actor that say nothing of it: a comment names the actor instead.
VAGUE_ACTORS = (
    "whoever", "nobody", "somebody", "anybody", "everybody", "no one", "someone", "anyone", "everyone",
)
# Words of our own that gave way to the field's.
RETIRED_WORDS = ("shelf", "keeper", "broker", "talker", "strays", "deed", "plot", "happening")

# Functions that nothing but tests uses, or that could be static. The list may only shrink.
UNUSED = {"hf_dev_authority_ca_serial", "hf_dev_authority_signer_serial"}

# Assertions a function of src/core. The figure may only rise.
ASSERTIONS_IN_CORE_MIN = 1.32

# Commit messages: a subject of so many characters, and a body, in every commit since this one.
SUBJECT_MAX = 72
SUBJECTS_SINCE = "3ce3337cb15b"

# Marks of unfinished work, spelled so that this file does not hold them.
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
