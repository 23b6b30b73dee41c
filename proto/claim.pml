/*
 * Who speaks for an account: ballots, promises, records, chains, seals, deletion and first releases, as CLAIMS.md has
 * them. Checked: S1 to S4, and that a fresh instance can always stand (L), in every order of events.
 *
 * What the model leaves out makes more happen, never less:
 * - An instance here is one ballot of one process. A process that raises its number, or restarts, is the next
 *   instance. It may start from any record that ever existed: an old disk, or a hint that the host planted.
 * - Whatever an instance may send can arrive at any later time, again, or never: an acceptor takes a request whenever
 *   its sender has reached the state in which it sends it. No instance dies; it may just do nothing more. An answer that
 *   is late or lost is one that the instance does not act upon, for no step is forced.
 * - LIARS accept and acknowledge everything for everyone, and remember nothing: so do those whose disk was put back.
 * - A certificate is at everybody's hand as soon as it is complete.
 *
 * Settings: N, K, Q of a generation; NODES; G0 to G3 the holders of each generation as bits; INSTANCES, the first of
 * which made the vault and stands under number 1; GENERATIONS; LIARS as bits; CHAIN_MAX. FREE_NUMBERS: an instance
 * takes any number from 2 to NUMBERS_MAX instead of one above its predecessor's. RELEASES: first releases happen.
 * MENDS: shares are deposited again. FORGETS: once a record on which nothing older hangs is settled, acceptors forget
 * what was dealt under a lower ballot, shares and votes. FRESH: the authority decides about the first generation, at any
 * time: its acceptors in GONE answer nobody from then on; instances from number FRESH + 1, the claim floor, on know it, and
 * need SURVIVORS_Q of those that are left, or with WRITTEN_OFF none of it. FAVOURED: the generation that the floor names.
 * ONE_MACHINE: who began before the decision does nothing after it, though what it sent may still arrive: what the person
 * confirms. WITHOUT_...: the model without that rule, or that half-sentence of it.
 */
#ifndef N
#define N 4
#define K 2
#define Q 3
#endif
#ifndef NODES
#define NODES 5
#endif
#ifndef G0
#define G0 15
#endif
#ifndef G1
#define G1 30
#endif
#ifndef G2
#define G2 G1
#endif
#ifndef G3
#define G3 G2
#endif
#ifndef INSTANCES
#define INSTANCES 2
#endif
#ifndef GENERATIONS
#define GENERATIONS 2
#endif
#ifndef LIARS
#define LIARS 0
#endif
#ifndef CHAIN_MAX
#define CHAIN_MAX 3
#endif
#ifndef NUMBERS_MAX
#define NUMBERS_MAX INSTANCES
#endif
/* Of each generation but the first, where it is smaller: Q1 holders, all of which are needed. */
#ifdef Q1
#define N_OF(gen) ((gen) == 0 -> N : Q1)
#define Q_OF(gen) ((gen) == 0 -> Q : Q1)
#else
#define N_OF(gen) N
#define Q_OF(gen) Q
#endif
#ifndef FULL_CHAIN_NEEDS
#define FULL_CHAIN_NEEDS (K > Q -> K : Q)
#endif
#define RECORDS (GENERATIONS * (NUMBERS_MAX + 1))

#define HAS(set, e) (((set) >> (e)) & 1)
#define COUNT(set)                                                                                                     \
    (HAS(set, 0) + HAS(set, 1) + HAS(set, 2) + HAS(set, 3) + HAS(set, 4) + HAS(set, 5) + HAS(set, 6) + HAS(set, 7))
#define HOLDERS(g) ((g) == 0 -> G0 : ((g) == 1 -> G1 : ((g) == 2 -> G2 : G3)))

#define UNBORN 0
#define CLAIMING 1
#define STANDING 2
#define NOT_ASKED 0
#define ASKED 1
#define RELEASED 2

/* An acceptor: promise (number and instance; number 0 is no row), newest record (generation, number), shares held. */
byte promised[NODES], promised_to[NODES], newest[NODES], newest_under[NODES], shares[NODES];

/* An instance: number, record known, accepts and later acknowledgements of a release, acknowledgements of its record by
   new and by older holders, the generation that it deals and who has deposits of it. */
byte state[INSTANCES], number[INSTANCES], known[INSTANCES], known_under[INSTANCES], words[INSTANCES];
byte new_acks[INSTANCES], old_acks[INSTANCES], dealing[INSTANCES], deposits[INSTANCES], release[INSTANCES];
/* Follow from the rest: the generations that it needs, and the acceptors of those. */
byte needed[INSTANCES], asked[INSTANCES];

/* A generation: chain as its record lists it, place in its line, what it descends from (itself too). */
byte generations = 1;
byte chain[GENERATIONS], place[GENERATIONS], line[GENERATIONS];
/* Which generations sealed it, and the lowest ballot that did, for each sealing one. */
byte sealed_by[GENERATIONS], sealed_under[GENERATIONS * GENERATIONS];
/* Which records exist: bit by number, for each generation. */
byte records[GENERATIONS];

/* For the promises alone: who was superseded when this one stood; who stood, no lower, when it asked for a release. */
byte superseded[INSTANCES], outdated[INSTANCES];

#ifdef FORGETS
/* The ballot that each generation was dealt under; for which generations an acceptor votes no more. */
byte dealt[GENERATIONS], forgot[NODES];
#endif

/* Work space; no part of the state. */
hidden byte g, h, j, x, y, set, count;
hidden byte is_so, S1_ORDER, S1_LATE, S2, S3, S3_FORKS, S4_COMPLETE, S4_LIVING, L;

#ifdef FRESH
/* The authority's decision (CLAIMS.md, section 6): made or not; the acceptors that know it. */
#ifndef FAVOURED
#define FAVOURED 0
#endif
bool decided;
byte told;
/* Which generations sealed it under a ballot that is not below the floor. */
byte sealed_since[GENERATIONS];
#define KNOWS_IT(i) ((i) >= FRESH)
#define CLAIM_FLOOR (FRESH + 1)
#ifdef PERSON_WRONG
#define SILENT(x) false
#else
#define SILENT(x) (decided && HAS(GONE, x))
#endif
#ifdef WITHOUT_FLOOR
#define VOID(x, i) SILENT(x)
#else
#define VOID(x, i) (SILENT(x) || (HAS(told, x) && number[i] < CLAIM_FLOOR))
#endif
#else
#define VOID(x, i) false
#endif
#ifdef ONE_MACHINE
#define OVER(i) (decided && !KNOWS_IT(i))
#else
#define OVER(i) false
#endif

/* A record of below the floor, of another generation than the one that the floor names: it counts for nothing. */
#if !defined(FRESH) || defined(WITHOUT_VOID_RECORDS)
#define VOID_RECORD(i, gen, under) false
#elif defined(WITHOUT_VOID_DESCENDANTS)
#define VOID_RECORD(i, gen, under) (KNOWS_IT(i) && (under) < CLAIM_FLOOR && !HAS(line[gen], FAVOURED))
#else
#define VOID_RECORD(i, gen, under) (KNOWS_IT(i) && (under) < CLAIM_FLOOR && (gen) != FAVOURED)
#endif

/* The acceptor refuses the ballot, now and for ever. */
#ifdef WITHOUT_R1
#define REFUSES(x, i) (promised[x] > number[i])
#else
#define REFUSES(x, i) (VOID(x, i) || promised[x] > number[i] || (promised[x] == number[i] && promised_to[x] != i))
#endif

/* How many acceptors of the generation instance i needs, and of which. */
#if defined(FRESH) && defined(SURVIVORS_Q)
#define ENOUGH(i, gen) (KNOWS_IT(i) && (gen) == 0 -> SURVIVORS_Q : Q_OF(gen))
#define ACCEPTORS(i, gen) (KNOWS_IT(i) && (gen) == 0 -> (G0 & (255 - GONE)) : HOLDERS(gen))
#define SPARE(i, gen) (KNOWS_IT(i) && (gen) == 0 -> COUNT(G0 & (255 - GONE)) - SURVIVORS_Q : N_OF(gen) - Q_OF(gen))
#elif defined(WITHOUT_R11)
/* Only members count: those removed, GONE, lower the quorum. */
#define ENOUGH(i, gen) ((i) == 0 -> Q : (COUNT(HOLDERS(gen) & (255 - GONE)) < Q -> COUNT(HOLDERS(gen) & (255 - GONE)) : Q))
#define ACCEPTORS(i, gen) HOLDERS(gen)
#define SPARE(i, gen) (N - Q)
#else
#define ENOUGH(i, gen) Q_OF(gen)
#define ACCEPTORS(i, gen) HOLDERS(gen)
#define SPARE(i, gen) (N_OF(gen) - Q_OF(gen))
#endif
#define KNOWN_HERE(x) (promised[x] != 0)
#define NEWER(gen1, under1, gen2, under2)                                                                              \
    ((under1) > (under2) || ((under1) == (under2) && place[gen1] > place[gen2]))
#define KNOWS_NEWER(x, i)                                                                                              \
    (NEWER(newest[x], newest_under[x], known[i], known_under[i]) && !VOID_RECORD(i, newest[x], newest_under[x]))

#define PROMISE(x, i)                                                                                                  \
    promised[x] = number[i];                                                                                           \
    promised_to[x] = i;                                                                                                \
    TOLD_BY(x, i)
#ifdef FRESH
/* Who is behind pulls the set before it judges. */
#define TOLD_BY(x, i) told = told | (KNOWS_IT(i) << x)
#else
#define TOLD_BY(x, i) skip
#endif
#ifdef WITHOUT_R2
#define PROMISE_BY_REQUEST(x, i)                                                                                       \
    if                                                                                                                 \
    :: !KNOWN_HERE(x) -> PROMISE(x, i)                                                                                 \
    :: else                                                                                                            \
    fi
#else
#define PROMISE_BY_REQUEST(x, i) PROMISE(x, i)
#endif

/* What had sealed a generation before the decision is no more than what had not. */
#ifdef WRITTEN_OFF
#define SEALERS(i, gen) (KNOWS_IT(i) -> ((gen) == 0 -> (1 << FAVOURED) : sealed_since[gen]) : sealed_by[gen])
#elif defined(FRESH)
#define SEALERS(i, gen) (KNOWS_IT(i) -> sealed_since[gen] : sealed_by[gen])
#else
#define SEALERS(i, gen) sealed_by[gen]
#endif

/* needed[] and asked[] of every instance, after records or certificates changed. */
inline needs() {
    j = 0;
    do
    :: j == INSTANCES -> break
    :: else ->
        g = known[j];
        needed[j] = 1 << g;
        asked[j] = HOLDERS(g);
#ifndef WITHOUT_R4
        h = 0;
        do
        :: h == GENERATIONS -> break
        :: else ->
            if
            :: HAS(chain[g], h) ->
                set = sealed_by[h];
#ifndef WITHOUT_A2_DESCENT
                set = set & (chain[g] | (1 << g));
#endif
#ifndef WITHOUT_A2_BALLOT
                x = 0;
                do
                :: x == GENERATIONS -> break
                :: else ->
                    if
                    :: sealed_under[h * GENERATIONS + x] > number[j] -> set = set & (255 - (1 << x))
                    :: else
                    fi;
                    x++
                od;
#endif
#ifdef WRITTEN_OFF
                if
                :: h == 0 && KNOWS_IT(j) -> set = 1
                :: else
                fi;
#endif
                if
                :: set == 0 ->
                    needed[j] = needed[j] | (1 << h);
                    asked[j] = asked[j] | HOLDERS(h)
                :: else
                fi
            :: else
            fi;
            h++
        od;
#endif
        if
        :: VOID_RECORD(j, known[j], known_under[j]) -> asked[j] = 0
        :: else
        fi;
        j++
    od;
    skip
}

/* is_so: of each generation in gens, as many acceptors are in who as instance i needs. */
inline quorum(who, gens, i) {
    is_so = true;
    h = 0;
    do
    :: h == GENERATIONS -> break
    :: else ->
        if
        :: HAS(gens, h) && COUNT(((who) | LIARS) & ACCEPTORS(i, h)) < ENOUGH(i, h) -> is_so = false
        :: else
        fi;
        h++
    od;
    skip
}

/* is_so: instance i is superseded. */
inline is_superseded(i) {
    is_so = false;
    h = 0;
    do
    :: h == GENERATIONS -> break
    :: else ->
        if
        :: HAS(needed[i], h) ->
            count = 0;
            x = 0;
            do
            :: x == NODES -> break
            :: else ->
                if
                :: HAS(ACCEPTORS(i, h), x) && !HAS(LIARS, x) && KNOWN_HERE(x) && REFUSES(x, i) -> count++
                :: else
                fi;
                x++
            od;
            if
            :: count > SPARE(i, h) -> is_so = true
            :: else
            fi
        :: else
        fi;
        h++
    od;
    skip
}

/* is_so: enough acceptors of the generation hold their share. With a full chain fewer than all may. */
inline is_complete(gen) {
    count = 0;
    x = 0;
    do
    :: x == NODES -> break
    :: else ->
        if
        :: HAS(HOLDERS(gen), x) && (HAS(LIARS, x) || HAS(shares[x], gen)) -> count++
        :: else
        fi;
        x++
    od;
#ifdef MENDS
    is_so = (count >= (FULL_CHAIN_NEEDS))
#else
    is_so = (count == N_OF(gen))
#endif
}

inline keep_record(x, i) {
    if
    :: NEWER(known[i], known_under[i], newest[x], newest_under[x]) || newest_under[x] == 0 ||
        VOID_RECORD(i, newest[x], newest_under[x]) ->
        newest[x] = known[i];
        newest_under[x] = known_under[i]
    :: else
    fi
}

/* The certificates that instance i has complete now. */
inline seals(i) {
    y = known[i];
    h = 0;
    do
    :: h == GENERATIONS -> break
    :: else ->
#ifdef WITHOUT_R5
        is_so = COUNT((new_acks[i] | LIARS) & HOLDERS(y)) == N;
#else
        is_so = COUNT((old_acks[i] | LIARS) & ACCEPTORS(i, h)) >= ENOUGH(i, h);
#endif
        if
        :: HAS(chain[y], h) && is_so ->
            j = 0;
            do
            :: j == GENERATIONS -> break
            :: else ->
                if
                :: HAS(SEALERS(i, h), j) && !HAS(line[j], y) && !HAS(line[y], j) ->
                    S3_FORKS = false;
                    assert(S3_FORKS)
                :: else
                fi;
                j++
            od;
#ifdef FRESH
            sealed_since[h] = sealed_since[h] | (KNOWS_IT(i) << y);
#endif
            if
            :: !HAS(sealed_by[h], y) || sealed_under[h * GENERATIONS + y] > number[i] ->
                sealed_by[h] = sealed_by[h] | (1 << y);
                sealed_under[h * GENERATIONS + y] = number[i]
            :: else
            fi
        :: else
        fi;
        h++
    od;
    needs()
}

/* After a deletion: the newest sealed (or only) generation is complete, and so is one that each living instance has. */
inline nothing_is_lost() {
    y = 0;
    g = 0;
    do
    :: g == GENERATIONS -> break
    :: else ->
        if
        :: HAS(sealed_by[y], g) ->
            y = g;
            g = 0
        :: else -> g++
        fi
    od;
    is_complete(y);
    S4_COMPLETE = is_so;
    assert(S4_COMPLETE);
    j = 0;
    do
    :: j == INSTANCES -> break
    :: else ->
        is_superseded(j);
        if
        :: state[j] == STANDING && !is_so ->
            S4_LIVING = false;
            g = 0;
            do
            :: g == generations -> break
            :: else ->
                if
                :: HAS(line[known[j]], g) ->
                    is_complete(g);
                    if
                    :: is_so -> S4_LIVING = true
                    :: else
                    fi
                :: else
                fi;
                g++
            od;
            assert(S4_LIVING)
        :: else
        fi;
        j++
    od;
    skip
}

/* What acceptor n does on a request of instance i. */
#define CLAIM(n, i)                                                                                                    \
    :: d_step {                                                                                                        \
        state[i] != UNBORN && HAS(asked[i], n) && MAY_VOTE(n) && !OUTDATED(n, i) && !REFUSES(n, i) &&                  \
            (promised[n] < number[i] || (state[i] == CLAIMING && !HAS(words[i], n))) ->                                \
        CLAIM_ROW(n, i);                                                                                               \
        PROMISE(n, i);                                                                                                 \
        if                                                                                                             \
        :: state[i] == CLAIMING -> words[i] = words[i] | (1 << n)                                                      \
        :: else                                                                                                        \
        fi                                                                                                             \
    }                                                                                                                  \
    :: d_step {                                                                                                        \
        state[i] == CLAIMING && HAS(asked[i], n) && KNOWN_HERE(n) && KNOWS_NEWER(n, i) ->                              \
        known[i] = newest[n];                                                                                          \
        known_under[i] = newest_under[n];                                                                              \
        needs()                                                                                                        \
    }
#ifdef WITHOUT_R3
#define OUTDATED(n, i) false
#else
#define OUTDATED(n, i) (KNOWN_HERE(n) && KNOWS_NEWER(n, i))
#endif
#ifdef WITHOUT_R6
/* Who knows nothing of the owner agrees to anything. */
#define MAY_VOTE(n) true
#define CLAIM_ROW(n, i)                                                                                                \
    if                                                                                                                 \
    :: !KNOWN_HERE(n) ->                                                                                               \
        newest[n] = known[i];                                                                                          \
        newest_under[n] = known_under[i]                                                                               \
    :: else                                                                                                            \
    fi
#else
#define MAY_VOTE(n) KNOWN_HERE(n)
#define CLAIM_ROW(n, i) skip
#endif

#define DEPOSIT(n, i)                                                                                                  \
    :: d_step {                                                                                                        \
        state[i] == STANDING && dealing[i] != 0 && HAS(HOLDERS(dealing[i]), n) && !HAS(deposits[i], n) &&              \
            !REFUSES(n, i) ->                                                                                          \
        PROMISE_BY_REQUEST(n, i);                                                                                      \
        if                                                                                                             \
        :: newest_under[n] == 0 ->                                                                                     \
            newest[n] = known[i];                                                                                      \
            newest_under[n] = known_under[i]                                                                           \
        :: else                                                                                                        \
        fi;                                                                                                            \
        shares[n] = shares[n] | (1 << dealing[i]);                                                                     \
        deposits[i] = deposits[i] | (1 << n)                                                                           \
    }
#ifdef MENDS
#define MEND(n, i)                                                                                                     \
    :: d_step {                                                                                                        \
        state[i] == STANDING && dealing[i] == 0 && HAS(HOLDERS(known[i]), n) && !HAS(shares[n], known[i]) &&           \
            KNOWN_HERE(n) && !REFUSES(n, i) ->                                                                         \
        PROMISE_BY_REQUEST(n, i);                                                                                      \
        shares[n] = shares[n] | (1 << known[i])                                                                        \
    }
#else
#define MEND(n, i)
#endif

#ifdef WITHOUT_A1
#define OWN_RECORD(i) true
#else
#define OWN_RECORD(i) (known_under[i] == number[i])
#endif
#ifdef WITHOUT_A3
#define HOLDS_SHARE(n, i) true
#else
#define HOLDS_SHARE(n, i) HAS(shares[n], known[i])
#endif
#ifdef FORGETS
#define SENDS_RECORD(i) true
#else
#define SENDS_RECORD(i) (chain[known[i]] != 0)
#endif
#define RECORD_AT_NEW(n, i)                                                                                            \
    :: d_step {                                                                                                        \
        state[i] == STANDING && SENDS_RECORD(i) && OWN_RECORD(i) && HAS(HOLDERS(known[i]), n) &&                       \
            !HAS(new_acks[i], n) && KNOWN_HERE(n) && HOLDS_SHARE(n, i) && !REFUSES(n, i) && !KNOWS_NEWER(n, i) ->      \
        PROMISE_BY_REQUEST(n, i);                                                                                      \
        keep_record(n, i);                                                                                             \
        new_acks[i] = new_acks[i] | (1 << n);                                                                          \
        NEW_ACKED(i)                                                                                                   \
    }
#ifdef WITHOUT_R5
#define NEW_ACKED(i) seals(i)
#else
#define NEW_ACKED(i) skip
#endif

#ifdef WITHOUT_NEW_FIRST
#define NEW_HAVE_IT(i) true
#else
#define NEW_HAVE_IT(i)                                                                                                 \
    (COUNT((new_acks[i] | LIARS) & HOLDERS(known[i])) >= (COUNT(needed[i]) > CHAIN_MAX -> (FULL_CHAIN_NEEDS) : N_OF(known[i])))
#endif
#define RECORD_AT_OLD(n, i)                                                                                            \
    :: d_step {                                                                                                        \
        state[i] == STANDING && chain[known[i]] != 0 && OWN_RECORD(i) && NEW_HAVE_IT(i) && !HAS(old_acks[i], n) &&     \
            HOLDS_OLDER(n, i) && KNOWN_HERE(n) && !REFUSES(n, i) && !KNOWS_NEWER(n, i) ->                              \
        PROMISE_BY_REQUEST(n, i);                                                                                      \
        keep_record(n, i);                                                                                             \
        old_acks[i] = old_acks[i] | (1 << n);                                                                          \
        seals(i)                                                                                                       \
    }
#define HOLDS_AND_NEEDED(n, i, gen) (known[i] != gen && HAS(needed[i], gen) && HAS(HOLDERS(gen), n))
#define HOLDS_OLDER(n, i)                                                                                              \
    (HOLDS_AND_NEEDED(n, i, 0) || HOLDS_AND_NEEDED(n, i, 1) || HOLDS_AND_NEEDED(n, i, 2))

#ifdef WITHOUT_SEAL_FIRST
#define MAY_DELETE(i, gen) (gen != known[i] && gen != dealing[i])
#else
#define MAY_DELETE(i, gen)                                                                                             \
    (gen != known[i] && gen != dealing[i] && !HAS(needed[i], gen))
#endif
#ifdef WITHOUT_R6
#define BURY(n)                                                                                                        \
    if                                                                                                                 \
    :: shares[n] == 0 ->                                                                                               \
        promised[n] = 0;                                                                                               \
        promised_to[n] = 0;                                                                                            \
        newest[n] = 0;                                                                                                 \
        newest_under[n] = 0                                                                                            \
    :: else                                                                                                            \
    fi
#else
#define BURY(n) skip
#endif
#ifdef FRESH
/* Which of two forks keeps its shares is what the authority decides. */
#define CHECK_LOSS skip
#else
#define CHECK_LOSS nothing_is_lost()
#endif
#define DELETE(n, i, gen)                                                                                              \
    :: d_step {                                                                                                        \
        state[i] == STANDING && gen < generations && MAY_DELETE(i, gen) && HAS(shares[n], gen) && !REFUSES(n, i) ->    \
        PROMISE_BY_REQUEST(n, i);                                                                                      \
        shares[n] = shares[n] & (255 - (1 << gen));                                                                    \
        if                                                                                                             \
        :: HAS(line[known[i]], gen) -> keep_record(n, i)                                                               \
        :: else                                                                                                        \
        fi;                                                                                                            \
        BURY(n);                                                                                                       \
        CHECK_LOSS                                                                                                     \
    }

#ifdef FORGETS
#if defined(WITHOUT_SETTLED) || defined(WITHOUT_VOTES_STAY)
#define SETTLED(i) true
#elif defined(WITHOUT_NOTHING_OLDER)
#define SETTLED(i) (COUNT((new_acks[i] | LIARS) & HOLDERS(known[i])) >= Q)
#else
#define SETTLED(i)                                                                                                     \
    (needed[i] == (1 << known[i]) && COUNT((new_acks[i] | LIARS) & HOLDERS(known[i])) >= Q)
#endif
#ifdef WITHOUT_VOTES_STAY
#define FORGETS_SHARE 0
#else
#define FORGETS_SHARE 1
#endif
#define FORGET(n, i)                                                                                                   \
    :: d_step {                                                                                                        \
        state[i] == STANDING && SETTLED(i) && OWN_RECORD(i) && KNOWN_HERE(n) && !REFUSES(n, i) && !KNOWS_NEWER(n, i) ->\
        PROMISE(n, i);                                                                                                 \
        keep_record(n, i);                                                                                             \
        g = 0;                                                                                                         \
        do                                                                                                             \
        :: g == generations -> break                                                                                   \
        :: else ->                                                                                                     \
            if                                                                                                         \
            :: g != known[i] && dealt[g] < number[i] ->                                                                \
                forgot[n] = forgot[n] | (1 << g);                                                                      \
                shares[n] = shares[n] & (255 - (FORGETS_SHARE << g))                                                   \
            :: else                                                                                                    \
            fi;                                                                                                        \
            g++                                                                                                        \
        od;                                                                                                            \
        CHECK_LOSS                                                                                                     \
    }
#define VOTES(x, gen) (KNOWN_HERE(x) && !HAS(forgot[x], gen))
#else
#define FORGET(n, i)
#define VOTES(x, gen) KNOWN_HERE(x)
#endif

#ifdef RELEASES
#define RELEASE(n, i)                                                                                                  \
    :: d_step {                                                                                                        \
        release[i] == ASKED && HAS(asked[i], n) && !HAS(words[i], n) && MAY_VOTE(n) && !REFUSES(n, i) ->               \
        if                                                                                                             \
        :: KNOWN_HERE(n) -> PROMISE_BY_REQUEST(n, i)                                                                   \
        :: else                                                                                                        \
        fi;                                                                                                            \
        words[i] = words[i] | (1 << n)                                                                                 \
    }
#else
#define RELEASE(n, i)
#endif

#if GENERATIONS > 3
#define DELETES(n, i) DELETE(n, i, 0) DELETE(n, i, 1) DELETE(n, i, 2) DELETE(n, i, 3)
#elif GENERATIONS > 2
#define DELETES(n, i) DELETE(n, i, 0) DELETE(n, i, 1) DELETE(n, i, 2)
#else
#define DELETES(n, i) DELETE(n, i, 0) DELETE(n, i, 1)
#endif
#define REQUESTS(n, i)                                                                                                 \
    CLAIM(n, i) DEPOSIT(n, i) MEND(n, i) RECORD_AT_NEW(n, i) RECORD_AT_OLD(n, i) DELETES(n, i) FORGET(n, i)       \
        RELEASE(n, i)

/* Everything that instance i can send to acceptor n. */
proctype line_between(byte n, i) {
end:
    do
    REQUESTS(n, i)
    od
}

hidden byte at, under, gens, step;
inline stands_from() {
    at = y / (NUMBERS_MAX + 1);
    under = y % (NUMBERS_MAX + 1);
    step = 0;
    do
    :: step > RECORDS -> break
    :: else ->
        gens = 1 << at;
        h = 0;
        do
        :: h == GENERATIONS -> break
        :: else ->
            if
            :: HAS(chain[at], h) && (sealed_by[h] & (chain[at] | (1 << at))) == 0 -> gens = gens | (1 << h)
            :: else
            fi;
            h++
        od;
        x = 0;
        j = at;
        do
        :: x == NODES -> break
        :: else ->
            h = 0;
            is_so = false;
            do
            :: h == GENERATIONS -> break
            :: else ->
                is_so = is_so || (HAS(gens, h) && HAS(HOLDERS(h), x));
                h++
            od;
            if
            :: is_so && !HAS(LIARS, x) && KNOWN_HERE(x) && NEWER(newest[x], newest_under[x], at, under) ->
                at = newest[x];
                under = newest_under[x];
                j = 255
            :: else
            fi;
            x++
        od;
        if
        :: j != 255 -> break
        :: else
        fi;
        step++
    od;
    g = 0;
    do
    :: g == GENERATIONS -> break
    :: else ->
        set = 0;
        x = 0;
        do
        :: x == NODES -> break
        :: else ->
            if
            :: VOTES(x, g) -> set = set | (1 << x)
            :: else
            fi;
            x++
        od;
        quorum(set, gens & (1 << g), INSTANCES - 1);
        L = L && is_so;
        g++
    od;
#if defined(NEEDS_A_WAY_ON) && !defined(MENDS)
    /* With the chain full there is no dealing: it must be able to seal. */
    if
    :: COUNT(gens) > CHAIN_MAX ->
        count = 0;
        x = 0;
        do
        :: x == NODES -> break
        :: else ->
            if
            :: HAS(HOLDERS(at), x) && HAS(shares[x], at) -> count++
            :: else
            fi;
            x++
        od;
        L = L && count >= (FULL_CHAIN_NEEDS)
    :: else
    fi
#endif
}

/* From every record a fresh instance above all numbers, with all acceptors alive, follows what it is handed and stands. */
inline can_stand() {
    L = true;
    y = 0;
    do
    :: y == GENERATIONS * (NUMBERS_MAX + 1) -> break
    :: else ->
        if
        :: HAS(records[y / (NUMBERS_MAX + 1)], y % (NUMBERS_MAX + 1)) -> stands_from()
        :: else
        fi;
        y++
    od;
    skip
}

inline sign(i) {
    known_under[i] = number[i];
    records[known[i]] = records[known[i]] | (1 << number[i]);
    new_acks[i] = 0;
    old_acks[i] = 0;
    needs()
}

inline stand(i) {
    state[i] = STANDING;
    words[i] = 0;
    j = 0;
    do
    :: j == INSTANCES -> break
    :: else ->
        if
        :: j != i && state[j] != UNBORN ->
            S2 = !(state[j] == STANDING && number[j] == number[i]);
            assert(S2);
            is_superseded(j);
            if
            :: is_so || OVER(j) -> superseded[i] = superseded[i] | (1 << j)
            :: else
            fi
        :: else
        fi;
        j++
    od;
    is_superseded(i);
    if
    :: !is_so ->
        h = 0;
        do
        :: h == GENERATIONS -> break
        :: else ->
            S3 = !(HAS(line[known[i]], h) && SEALERS(i, h) != 0 && (SEALERS(i, h) & line[known[i]]) == 0);
            assert(S3);
            h++
        od
    :: else
    fi
}

inline release_now(i) {
    release[i] = RELEASED;
    words[i] = 0;
    S1_LATE = (outdated[i] == 0);
    assert(S1_LATE);
    j = 0;
    do
    :: j == INSTANCES -> break
    :: else ->
        if
        :: j != i && release[j] == RELEASED ->
            if
            :: number[j] < number[i] -> S1_ORDER = HAS(superseded[i], j)
            :: number[j] > number[i] -> S1_ORDER = HAS(superseded[j], i)
            :: else -> S1_ORDER = false
            fi;
            assert(S1_ORDER)
        :: else
        fi;
        j++
    od;
    skip
}

#define START_FROM(gen, under)                                                                                         \
    :: gen < GENERATIONS && under <= NUMBERS_MAX && HAS(records[gen], under) ->                                        \
        known[i] = gen;                                                                                                \
        known_under[i] = under

#ifdef FRESH
#define MAY_START(i) (!KNOWS_IT(i) || decided)
#else
#define MAY_START(i) true
#endif
#ifdef WITHOUT_FLOOR
#define NEXT_NUMBER(i) (KNOWS_IT(i) -> 2 : i + 1)
#else
#define NEXT_NUMBER(i) (i + 1)
#endif

#define STARTS_FROM(gen)                                                                                               \
    START_FROM(gen, 1) START_FROM(gen, 2) START_FROM(gen, 3) START_FROM(gen, 4)

#ifdef FORGETS
#define DEALT(i) dealt[generations] = number[i]
#define SIGNS(i) true
#else
#define DEALT(i) skip
#define SIGNS(i) (chain[known[i]] != 0)
#endif

proctype instance(byte i) {
end:
    do
    :: atomic {
        state[i] == UNBORN && state[i - 1] != UNBORN && MAY_START(i) ->
        if
        STARTS_FROM(0)
        STARTS_FROM(1)
#if GENERATIONS > 2
        STARTS_FROM(2)
#endif
#if GENERATIONS > 3
        STARTS_FROM(3)
#endif
        fi;
#ifdef FREE_NUMBERS
        if
        :: number[i] = 2
#if NUMBERS_MAX > 2
        :: number[i] = 3
#endif
#if NUMBERS_MAX > 3
        :: number[i] = 4
#endif
        fi;
#else
        number[i] = NEXT_NUMBER(i);
#endif
        state[i] = CLAIMING;
        d_step { needs() }
    }
    :: d_step {
        state[i] == CLAIMING && !OVER(i) && COUNT((words[i] | LIARS) & ACCEPTORS(i, known[i])) >= ENOUGH(i, known[i]) ->
        quorum(words[i], needed[i], i);
        if
        :: is_so -> stand(i)
        :: else
        fi
    }
    :: d_step {
        state[i] == STANDING && !OVER(i) && dealing[i] == 0 && generations < GENERATIONS && COUNT(needed[i]) <= CHAIN_MAX ->
        dealing[i] = generations;
        DEALT(i);
        chain[generations] = needed[i];
        line[generations] = line[known[i]] | (1 << generations);
        place[generations] = place[known[i]] + 1;
        deposits[i] = 0;
        generations++
    }
    :: d_step {
        dealing[i] != 0 && !OVER(i) && COUNT((deposits[i] | LIARS) & HOLDERS(dealing[i])) == N_OF(dealing[i]) ->
        known[i] = dealing[i];
        dealing[i] = 0;
        deposits[i] = 0;
        sign(i)
    }
#ifndef WITHOUT_A1
    :: d_step {
        state[i] == STANDING && !OVER(i) && dealing[i] == 0 && known_under[i] != number[i] && SIGNS(i) -> sign(i)
    }
#endif
#ifdef RELEASES
    :: d_step {
        state[i] == STANDING && !OVER(i) && release[i] == NOT_ASKED ->
        release[i] = ASKED;
        words[i] = 0;
        j = 0;
        do
        :: j == INSTANCES -> break
        :: else ->
            if
            :: j != i && state[j] == STANDING && number[j] >= number[i] -> outdated[i] = outdated[i] | (1 << j)
            :: else
            fi;
            j++
        od;
        skip
    }
    :: d_step {
        release[i] == ASKED && !OVER(i) ->
#ifdef WITHOUT_R8
        is_so = true;
#else
        quorum(words[i], needed[i], i);
#endif
        if
        :: is_so -> release_now(i)
        :: else
        fi
    }
#endif
    od
}

#ifdef FRESH
proctype authority() {
end:
    do
    :: d_step { !decided -> decided = true }
    od
}
proctype pulls_the_set(byte n) {
end:
    do
    :: d_step { decided && !HAS(told, n) -> told = told | (1 << n) }
    od
}
#endif

#ifdef LIVENESS
proctype probe() {
end:
    do
    :: d_step {
        can_stand();
        assert(L)
    }
    od
}
#endif

init {
    atomic {
        d_step {
            line[0] = 1;
            records[0] = 2;
            state[0] = STANDING;
            number[0] = 1;
            known_under[0] = 1;
            at = 0;
            do
            :: at == NODES -> break
            :: else ->
                if
                :: HAS(G0, at) ->
                    promised[at] = 1;
                    newest_under[at] = 1;
                    shares[at] = 1
                :: else
                fi;
                at++
            od;
            needs()
        }
        at = 0;
        do
        :: at < NODES * INSTANCES && !HAS(LIARS, at % NODES) ->
            run line_between(at % NODES, at / NODES);
            at++
        :: at < NODES * INSTANCES && HAS(LIARS, at % NODES) -> at++
        :: else -> break
        od;
        at = 0;
        do
        :: at < INSTANCES ->
            run instance(at);
            at++
        :: else -> break
        od;
#ifdef FRESH
        run authority();
        at = 0;
        do
        :: at < NODES ->
            run pulls_the_set(at);
            at++
        :: else -> break
        od;
#endif
#ifdef LIVENESS
        run probe();
#endif
    }
}
