/* The transport against another implementation: curl, where it is there and speaks HTTP/2. */
#include "mesh.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];

struct curl {
    uv_process_t process;
    uv_pipe_t out;
    char text[4096];
    size_t len;
    int64_t status;
    unsigned open; /* handles */
};

static void on_closed(uv_handle_t *handle)
{
    ((struct curl *)handle->data)->open--;
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
    struct curl *c = process->data;
    c->status = signal == 0 ? status : 128 + signal;
    uv_close((uv_handle_t *)process, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct curl *c = handle->data;
    (void)suggested;
    *ret = uv_buf_init(c->text + c->len, (unsigned)(sizeof(c->text) - 1 - c->len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct curl *c = stream->data;
    (void)buf;
    if (len >= 0)
        c->len += (size_t)len;
    else
        uv_close((uv_handle_t *)stream, on_closed);
}

static bool all_closed(void *arg)
{
    return ((struct curl *)arg)->open == 0;
}

/* Runs curl with these arguments beside the loop; false when there is no curl. */
static bool run(struct curl *c, char **args)
{
    *c = (struct curl){.open = 2};
    uv_pipe_init(&m.loop, &c->out, 0);
    c->out.data = c;
    c->process.data = c;
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->out},
        {.flags = UV_IGNORE},
    };
    uv_process_options_t options = {
        .file = "curl", .args = args, .stdio = stdio, .stdio_count = 3, .exit_cb = on_exit_status};
    bool there = uv_spawn(&m.loop, &c->process, &options) == 0;
    if (there) {
        uv_read_start((uv_stream_t *)&c->out, on_alloc, on_read);
    } else {
        uv_close((uv_handle_t *)&c->process, on_closed);
        uv_close((uv_handle_t *)&c->out, on_closed);
    }
    mesh_until(&m, all_closed, c);
    c->text[c->len] = '\0';
    return there;
}

static bool have_curl(void)
{
    struct curl c;
    char *args[] = {"curl", "-V", NULL};
    return run(&c, args) && strstr(c.text, "HTTP2") != NULL;
}

Test(curl, http2_works_against_a_node)
{
    mesh_init(&m, NULL);
    if (!have_curl()) {
        mesh_done(&m);
        cr_skip_test("no curl with HTTP/2 here");
    }
    static const struct {
        const char *method, *path, *answer;
    } cases[] = {
        {"GET", "/v1/health", "{} 200 2"},
        {"POST", "/v1/echo", "hello 200 2"},
        {"POST", "/v1/small",
         "{\"code\":\"too_big\",\"message\":\"the body is too large\",\"retryable\":false} 413 2"},
    };
    char *head[] = {"curl", "-s", "-k", "--http2", "-I", NULL, NULL};
    char url[HF_NET_ADDRESS_MAX + 80];
    struct curl c;
    snprintf(url, sizeof(url), "https://%s/v1/health", a->address);
    head[5] = url;
    cr_assert(run(&c, head));
    cr_assert_eq(c.status, 0, "%s", c.text);
    cr_assert_eq(strncmp(c.text, "HTTP/2 200", 10), 0, "%s", c.text);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        snprintf(url, sizeof(url), "https://%s%s", a->address, cases[i].path);
        bool get = cases[i].method[0] == 'G';
        char *args[] = {"curl",
                        "-s",
                        "-k",
                        "--http2",
                        "-w",
                        " %{http_code} %{http_version}",
                        url,
                        get ? NULL : "-d",
                        i == 1 ? "hello" : "12345678901234567890",
                        NULL};
        cr_assert(run(&c, args));
        cr_assert_eq(c.status, 0, "%s", c.text);
        cr_assert_str_eq(c.text, cases[i].answer);
    }
    mesh_done(&m);
}
