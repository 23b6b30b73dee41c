/* Frames that come when they must not (RFC 9113, 5.1 and 6.3), and answers without a body. */
#include "raw_peer.h"

#include <criterion/criterion.h>

enum { DATA = 0, HEADERS = 1, PRIORITY = 2, RST_STREAM = 3, END_STREAM = 1, WHOLE = 5 };
enum { NO_GOAWAY = 0, PROTOCOL_ERROR = 1 + 1, STREAM_CLOSED = 1 + 5 };

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];

static struct raw_peer run(raw_peer_script *script, void *user)
{
    struct raw_peer s = {.address = a->address, .alpn = "\2h2", .user = user};
    mesh_init(&m, NULL);
    s.address = a->address;
    mesh_raw_peer(&m, &s, script);
    mesh_done(&m);
    return s;
}

/* One request and its whole answer: stream 1 is closed then. */
static void ask(struct raw_peer *s)
{
    raw_peer_greet(s);
    raw_peer_request(s, WHOLE, 1, "GET", "/v1/health");
    raw_peer_read(s, true);
}

static void late_data(struct raw_peer *s)
{
    ask(s);
    raw_peer_frame(s, DATA, END_STREAM, 1, "late", 4);
    raw_peer_read(s, false);
}

static void late_headers(struct raw_peer *s)
{
    ask(s);
    raw_peer_request(s, WHOLE, 1, "GET", "/v1/health");
    raw_peer_read(s, false);
}

static void reset_one(struct raw_peer *s)
{
    static const uint8_t cancel[] = {0, 0, 0, 8};
    raw_peer_greet(s);
    raw_peer_request(s, 4, 1, "POST", "/v1/echo");
    raw_peer_frame(s, RST_STREAM, 0, 1, cancel, sizeof(cancel));
}

static void data_after_reset(struct raw_peer *s)
{
    reset_one(s);
    raw_peer_frame(s, DATA, END_STREAM, 1, "late", 4);
    raw_peer_read(s, false);
}

static void headers_after_reset(struct raw_peer *s)
{
    reset_one(s);
    raw_peer_request(s, WHOLE, 1, "GET", "/v1/health");
    raw_peer_read(s, false);
}

Test(hf_net_frames, on_a_closed_stream_end_the_connection)
{
    static raw_peer_script *const scripts[] = {late_data, late_headers, data_after_reset,
                                               headers_after_reset};
    for (size_t i = 0; i < HF_ARRAY_LEN(scripts); i++)
        cr_assert_eq(run(scripts[i], NULL).goaway, STREAM_CLOSED, "%zu", i);
}

/* A number that was passed over, then one that is above both. */
static void backwards(struct raw_peer *s)
{
    raw_peer_greet(s);
    raw_peer_request(s, WHOLE, 5, "GET", "/v1/hold");
    raw_peer_request(s, WHOLE, 3, "GET", "/v1/hold");
    raw_peer_request(s, WHOLE, 7, "GET", "/v1/health");
    raw_peer_read(s, true);
}

Test(hf_net_frames, a_stream_below_one_that_was_opened_is_no_request)
{
    struct raw_peer s = {.alpn = "\2h2"};
    mesh_init(&m, NULL);
    s.address = a->address;
    mesh_raw_peer(&m, &s, backwards);
    cr_assert_eq(s.status, 200);
    cr_assert_eq(s.goaway, NO_GOAWAY);
    cr_assert_eq(a->requests, 2);
    mesh_done(&m);
}

static void priority(struct raw_peer *s)
{
    const uint32_t *stream = s->user;
    static const uint8_t on_one[] = {0, 0, 0, 1, 16};
    raw_peer_greet(s);
    raw_peer_frame(s, PRIORITY, 0, *stream, on_one, sizeof(on_one));
    raw_peer_request(s, WHOLE, 3, "GET", "/v1/health");
    raw_peer_read(s, *stream == 3);
}

Test(hf_net_frames, priority_of_no_stream_or_on_itself_ends_the_connection)
{
    uint32_t none = 0, itself = 1, other = 3;
    cr_assert_eq(run(priority, &none).goaway, PROTOCOL_ERROR);
    cr_assert_eq(run(priority, &itself).goaway, PROTOCOL_ERROR);
    struct raw_peer s = run(priority, &other);
    cr_assert_eq(s.goaway, NO_GOAWAY);
    cr_assert_eq(s.status, 200);
}

static void ask_head(struct raw_peer *s)
{
    raw_peer_greet(s);
    raw_peer_request(s, WHOLE, 1, "HEAD", s->user);
    raw_peer_read(s, true);
}

Test(hf_net_frames, the_answer_to_head_has_no_body)
{
    static char good[] = "/v1/health", wrong[] = "/v1/echo?x";
    struct raw_peer s = run(ask_head, good);
    cr_assert_eq(s.status, 200);
    cr_assert_neq(s.flags & END_STREAM, 0);
    s = run(ask_head, wrong);
    cr_assert_eq(s.status, 404);
    cr_assert_neq(s.flags & END_STREAM, 0);
}
