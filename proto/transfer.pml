/*
 * Votes that move (CLAIMS.md, section 7): acceptors of one generation hand their votes over to others, and others restore
 * shares, while instances claim, write a record and release. Checked: S1, S2 and S3.
 *
 * One generation of N = 4, Q = 3 with the record as a number: who stands writes its own number, and it is sealed when q
 * indices keep it. An instance is one ballot; it starts from any record that was ever written. Nodes 0 to 3 are the
 * acceptors of the record, those above 3 are spare. Requests and transfers arrive at any later time or never. LIARS (bits of
 * 0 to 3) say yes to everything, remember nothing, and sign transfers at any time that carry no promise.
 *
 * MENDS: acceptor 0 loses its folder, and with it what it has promised; who stands deposits its share again, under the same
 * dealing. WITHOUT_VOTELESS: it then votes as before.
 *
 * WITHOUT_R12: who holds a restored share votes. WITHOUT_CEASED: a transfer is signed before the old acceptor has ceased.
 * WITHOUT_PROMISE, WITHOUT_NEWEST: the transfer does not carry it. WITHOUT_INDEX: words are counted
 * by acceptor, not by index.
 *
 * The acceptors of one generation are alike: so index 0 is the one that moves (or is restored), and node 3 the one that
 * lies and has its vote moved too. That the new acceptor waits for acknowledgements of others only takes behaviour
 * away: it is for the owner, who must find it, and is left out.
 */
#define N 4
#define Q 3
#ifndef NODES
#define NODES 5
#endif
#ifndef INSTANCES
#define INSTANCES 3
#endif
#ifndef LIARS
#define LIARS 0
#endif
#define HAS(set, e) (((set) >> (e)) & 1)
#define COUNT(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2) + HAS(set, 3) + HAS(set, 4) + HAS(set, 5))
#define HONEST(n) (!HAS(LIARS, n))
#define NOBODY 7

mtype = { none, yes, ceased, unborn, claiming, standing };

/* A node: the index that it has, whether it votes for it, its promise and newest record. */
mtype votes[NODES];
byte index[NODES], promised[NODES], newest[NODES];
/* The transfer to a spare node, once signed: from whom, with which promise and record. */
byte from[NODES], with_promise[NODES], with_newest[NODES];

/* An instance: number i + 1, the record it knows, words and acknowledgements by index. */
mtype state[INSTANCES];
byte known[INSTANCES], words[INSTANCES], acks[INSTANCES], releasing[INSTANCES], outdated[INSTANCES];
byte superseded[INSTANCES];
byte written = 2;
byte sealed;
#ifdef MENDS
bool forgot;
/* Nobody says yes for index 0 any more. */
#define NO_VOTER(x) ((x) == 0 && forgot && votes[0] != yes)
#else
#define NO_VOTER(x) false
#endif

hidden byte x, set, j, is_so;
hidden byte S1_ORDER, S1_LATE, S2, S3;

#define NUMBER(i) ((i) + 1)
#ifdef WITHOUT_INDEX
#define VOTE(n) (n)
#else
#define VOTE(n) index[n]
#endif
#define LIARS_WORDS LIARS
#define CARRIES(set) (COUNT((set) | LIARS_WORDS) >= Q)

/* is_so: more than N - Q indices refuse instance i for ever. What a transfer carries binds whoever votes by it. */
inline is_superseded(i) {
    set = 0;
    x = 0;
    do
    :: x == NODES -> break
    :: else ->
        if
        :: (x < N || from[x] != NOBODY) && HONEST(index[x]) && (promised[x] > NUMBER(i) || NO_VOTER(x)) ->
            set = set | (1 << index[x])
        :: else
        fi;
        x++
    od;
    is_so = COUNT(set) > N - Q
}

#define SPARES(n) (n >= N)
#define FREE(n) (SPARES(n) && votes[n] == none && from[n] == NOBODY)

/* What node n does on a request of instance i. */
proctype line_between(byte n, i) {
end:
    do
    :: d_step {
        state[i] != unborn && votes[n] == yes && newest[n] <= known[i] && promised[n] <= NUMBER(i) &&
            (promised[n] < NUMBER(i) || (state[i] == claiming && !HAS(words[i], VOTE(n)))) ->
        promised[n] = NUMBER(i);
        if
        :: state[i] == claiming -> words[i] = words[i] | (1 << VOTE(n))
        :: else
        fi
    }
    :: d_step {
        state[i] == claiming && votes[n] != none && newest[n] > known[i] -> known[i] = newest[n]
    }
    :: d_step {
        state[i] == standing && known[i] == NUMBER(i) && votes[n] == yes && !HAS(acks[i], VOTE(n)) &&
            promised[n] <= NUMBER(i) && newest[n] <= NUMBER(i) ->
        promised[n] = NUMBER(i);
        newest[n] = NUMBER(i);
        acks[i] = acks[i] | (1 << VOTE(n));
        if
        :: CARRIES(acks[i]) && sealed < NUMBER(i) -> sealed = NUMBER(i)
        :: else
        fi
    }
#ifdef MENDS
    :: d_step {
        n == 0 && !forgot ->
        forgot = true;
        votes[n] = none;
        promised[n] = 0;
        newest[n] = 0
    }
    :: d_step {
        n == 0 && votes[n] == none && forgot && state[i] == standing && known[i] == NUMBER(i) ->
        promised[n] = NUMBER(i);
        newest[n] = NUMBER(i);
#ifdef WITHOUT_VOTELESS
        votes[n] = yes
#else
        votes[n] = ceased
#endif
    }
#endif
    :: d_step {
        releasing[i] == 1 && votes[n] == yes && !HAS(words[i], VOTE(n)) && promised[n] <= NUMBER(i) ->
        promised[n] = NUMBER(i);
        words[i] = words[i] | (1 << VOTE(n))
    }
    od
}

/* Node n hands its vote over to spare node to. */
#ifdef WITHOUT_CEASED
#define CEASE(n) skip
#else
#define CEASE(n) votes[n] = ceased
#endif
#ifdef WITHOUT_PROMISE
#define CARRY_PROMISE(n, to) skip
#else
#define CARRY_PROMISE(n, to) with_promise[to] = promised[n]
#endif
#ifdef WITHOUT_NEWEST
#define CARRY_NEWEST(n, to) skip
#else
#define CARRY_NEWEST(n, to) with_newest[to] = newest[n]
#endif
proctype hand_over(byte n, to) {
end:
    do
    :: d_step {
        FREE(to) && n != to && (votes[n] == yes || !HONEST(n)) ->
        CEASE(n);
        from[to] = n;
        index[to] = index[n];
        CARRY_PROMISE(n, to);
        CARRY_NEWEST(n, to)
    }
    :: d_step {
        from[to] == n && votes[to] == none ->
        votes[to] = yes;
        promised[to] = with_promise[to];
        newest[to] = with_newest[to]
    }
    /* Others restore its share at the spare node. */
    :: d_step {
        FREE(to) ->
        index[to] = n;
#ifdef WITHOUT_R12
        votes[to] = yes
#else
        votes[to] = ceased
#endif
    }
    od
}

#define START_FROM(record)                                                                                             \
    :: HAS(written, record) -> known[i] = record

proctype instance(byte i) {
end:
    do
    :: atomic {
        state[i] == unborn && state[i - 1] != unborn ->
        if
        START_FROM(1)
        START_FROM(2)
        START_FROM(3)
        fi;
        state[i] = claiming
    }
    :: d_step {
        state[i] == claiming && CARRIES(words[i]) ->
        state[i] = standing;
        words[i] = 0;
        j = 0;
        do
        :: j == INSTANCES -> break
        :: else ->
            if
            :: j != i && state[j] != unborn ->
                is_superseded(j);
                superseded[i] = superseded[i] | (is_so << j)
            :: else
            fi;
            j++
        od;
        is_superseded(i);
        S3 = (is_so || known[i] >= sealed);
        assert(S3)
    }
    :: d_step {
        state[i] == standing && known[i] != NUMBER(i) ->
        known[i] = NUMBER(i);
        written = written | (1 << NUMBER(i))
    }
    :: d_step {
        state[i] == standing && releasing[i] == 0 ->
        releasing[i] = 1;
        j = i + 1;
        do
        :: j >= INSTANCES -> break
        :: else ->
            outdated[i] = outdated[i] || state[j] == standing;
            j++
        od;
        skip
    }
    :: d_step {
        releasing[i] == 1 && CARRIES(words[i]) ->
        releasing[i] = 2;
        words[i] = 0;
        S1_LATE = !outdated[i];
        assert(S1_LATE);
        j = 0;
        do
        :: j == INSTANCES -> break
        :: else ->
            if
            :: j != i && releasing[j] == 2 ->
                S1_ORDER = (j < i -> HAS(superseded[i], j) : HAS(superseded[j], i));
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
            :: x == NODES -> break
            :: else ->
                from[x] = NOBODY;
                votes[x] = none;
                if
                :: x < N && HONEST(x) ->
                    votes[x] = yes;
                    index[x] = x;
                    promised[x] = 1;
                    newest[x] = 1
                :: x < N && !HONEST(x) -> index[x] = x
                :: else
                fi;
                x++
            od;
            x = 0;
            do
            :: x == INSTANCES -> break
            :: else ->
                state[x] = (x == 0 -> standing : unborn);
                x++
            od;
            known[0] = 1;
            x = 0
        }
        do
        :: x == NODES * INSTANCES -> break
        :: else ->
            run line_between(x % NODES, x / NODES);
            x++
        od;
        x = N;
        do
        :: x == NODES -> break
        :: else ->
            run hand_over(0, x);
#if LIARS
            run hand_over(3, x);
#endif
#if NODES > 5
            if
            :: x > N -> run hand_over(x - 1, x)
            :: else
            fi;
#endif
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
