/*
 * Provisional words (CLAIMS.md, 4.7): everything has restarted, and hosts run copies of acceptors. Checked: S1 and S2.
 *
 * One generation of N, Q, P. An acceptor is one process, firm once its own claim stands, which happens at any time or
 * never. COPIED (bits) have two processes from one disk, which know nothing of each other: both answer claims, and at most
 * one of them becomes firm. LIARS say yes to everything, firmly. The model is clean while COPIED and LIARS together are
 * fewer than P + Q - N, and LIARS alone no more than 2Q - N - 1.
 *
 * WITHOUT_R10: words of both kinds count alike, q of them. WITHOUT_P: provisional words count when all of those that are
 * left, q at least, have given them, LEFT being who is left. WITHOUT_FIRM_RELEASE: provisional acceptors acknowledge
 * releases.
 */
#ifndef N
#define N 4
#define Q 3
#define P 4
#endif
#ifndef INSTANCES
#define INSTANCES 2
#endif
#ifndef COPIED
#define COPIED 3
#endif
#ifndef LIARS
#define LIARS 0
#endif
#define HAS(set, e) (((set) >> (e)) & 1)
#define COUNT(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2) + HAS(set, 3) + HAS(set, 4) + HAS(set, 5) + HAS(set, 6))
#ifdef SAME_NUMBER
#define NUMBER(i) 2
#else
#define NUMBER(i) ((i) + 2)
#endif
/* Process p is acceptor p % N. */
#define PROCESSES (2 * N)
#define ACCEPTOR(p) ((p) % N)
#define OTHER(p) (((p) + N) % PROCESSES)

mtype = { unborn, claiming, standing };
byte promised[PROCESSES], promised_to[PROCESSES];
byte firm;
/* Of an instance, by acceptor: firm words, words of either kind, acknowledgements of its release. */
mtype state[INSTANCES];
byte firm_words[INSTANCES], all_words[INSTANCES], acks[INSTANCES], releasing[INSTANCES], outdated[INSTANCES];
byte superseded[INSTANCES];

hidden byte x, j, count, is_so, S1_ORDER, S1_LATE, S2;

#define IS_FIRM(p) HAS(firm, p)
#define REFUSES(p, i) (promised[p] > NUMBER(i) || (promised[p] == NUMBER(i) && promised_to[p] != i))

#ifdef WITHOUT_R10
#define STANDS(i) (COUNT(all_words[i] | LIARS) >= Q)
#elif defined(WITHOUT_P)
#define STANDS(i)                                                                                                      \
    (COUNT(firm_words[i] | LIARS) >= Q || (COUNT(LEFT) >= Q && (((all_words[i] | LIARS) & LEFT) == LEFT)))
#else
#define STANDS(i) (COUNT(firm_words[i] | LIARS) >= Q || COUNT(all_words[i] | LIARS) >= P)
#endif

/* The acceptor will never again give a firm word or acknowledgement to instance i. */
#define PROCESS_REFUSES(p, i) (IS_FIRM(OTHER(p)) || REFUSES(p, i))
#define NEVER_AGAIN(x, i) (PROCESS_REFUSES(x, i) && (!HAS(COPIED, x) || PROCESS_REFUSES(OTHER(x), i)))

/* is_so: more than N - Q acceptors that do not lie will never again speak for instance i. */
inline is_superseded(i) {
    count = 0;
    x = 0;
    do
    :: x == N -> break
    :: else ->
        if
        :: !HAS(LIARS, x) && NEVER_AGAIN(x, i) -> count++
        :: else
        fi;
        x++
    od;
    is_so = count > N - Q
}

proctype line_between(byte p, i) {
end:
    do
    :: d_step {
        state[i] != unborn && !REFUSES(p, i) &&
            (promised[p] < NUMBER(i) || (state[i] == claiming && !HAS(all_words[i], ACCEPTOR(p))) ||
             (state[i] == claiming && IS_FIRM(p) && !HAS(firm_words[i], ACCEPTOR(p)))) ->
        promised[p] = NUMBER(i);
        promised_to[p] = i;
        if
        :: state[i] == claiming ->
            all_words[i] = all_words[i] | (1 << ACCEPTOR(p));
            firm_words[i] = firm_words[i] | (IS_FIRM(p) << ACCEPTOR(p))
        :: else
        fi
    }
    :: d_step {
#ifdef WITHOUT_FIRM_RELEASE
        releasing[i] == 1 && !HAS(acks[i], ACCEPTOR(p)) && !REFUSES(p, i) ->
#else
        releasing[i] == 1 && IS_FIRM(p) && !HAS(acks[i], ACCEPTOR(p)) && !REFUSES(p, i) ->
#endif
        promised[p] = NUMBER(i);
        promised_to[p] = i;
        acks[i] = acks[i] | (1 << ACCEPTOR(p))
    }
    od
}

proctype becomes_firm(byte p) {
end:
    do
    :: d_step { !IS_FIRM(p) && !IS_FIRM(OTHER(p)) -> firm = firm | (1 << p) }
    od
}

proctype instance(byte i) {
end:
    do
    :: d_step { state[i] == unborn -> state[i] = claiming }
    :: d_step {
        state[i] == claiming && STANDS(i) ->
        state[i] = standing;
        j = 0;
        do
        :: j == INSTANCES -> break
        :: else ->
            if
            :: j != i && state[j] != unborn ->
                S2 = !(state[j] == standing && NUMBER(j) == NUMBER(i));
                assert(S2);
                is_superseded(j);
                superseded[i] = superseded[i] | (is_so << j)
            :: else
            fi;
            j++
        od;
        skip
    }
    :: d_step {
        state[i] == standing && releasing[i] == 0 ->
        releasing[i] = 1;
        j = 0;
        do
        :: j == INSTANCES -> break
        :: else ->
            outdated[i] = outdated[i] || (j != i && state[j] == standing && NUMBER(j) >= NUMBER(i));
            j++
        od;
        skip
    }
    :: d_step {
        releasing[i] == 1 && COUNT(acks[i] | LIARS) >= Q ->
        releasing[i] = 2;
        S1_LATE = !outdated[i];
        assert(S1_LATE);
        j = 0;
        do
        :: j == INSTANCES -> break
        :: else ->
            if
            :: j != i && releasing[j] == 2 ->
                S1_ORDER = (NUMBER(j) < NUMBER(i) -> HAS(superseded[i], j) : HAS(superseded[j], i));
                assert(S1_ORDER)
            :: else
            fi;
            j++
        od;
        skip
    }
    od
}

init {
    atomic {
        d_step {
            x = 0;
            do
            :: x == PROCESSES -> break
            :: else ->
                promised[x] = 1;
                x++
            od;
            x = 0;
            do
            :: x == INSTANCES -> break
            :: else ->
                state[x] = unborn;
                x++
            od;
            x = 0
        }
        do
        :: x == PROCESSES * INSTANCES -> break
        :: else ->
            if
            :: !HAS(LIARS, ACCEPTOR(x / INSTANCES)) && (x / INSTANCES < N || HAS(COPIED, ACCEPTOR(x / INSTANCES))) ->
                run line_between(x / INSTANCES, x % INSTANCES);
                if
                :: x % INSTANCES == 0 -> run becomes_firm(x / INSTANCES)
                :: else
                fi
            :: else
            fi;
            x++
        od;
        x = 0;
        do
        :: x == INSTANCES -> break
        :: else ->
            run instance(x);
            x++
        od
    }
}
