/*
 * When older dealings go (PROTOCOL.md, section 7): an owner deals anew for holders that it has lost, and has older dealings
 * deleted, while holders go, come back, and lose what they held. Checked: S4, as *some dealing is held by K of those that
 * are left*, and L, as *once all that are left stay, the owner comes to N holders that keep their shares*, unless fewer than
 * K keep the newest.
 *
 * The owner stands and is never superseded: what rivals need is claim.pml's. A dealing is there at once, with its record:
 * one that was given up counts as any other that is older. A holder takes no further dealing while it keeps HELD. One that
 * is not placed loses everything when it starts again. PARTINGS of the nodes are removed from the set, LOSSES lose their
 * folder and stay: both only while K others hold some dealing and are placed, for more than that no sharing withstands.
 *
 * WITHOUT_LOST: who is lost must confirm too. WITHOUT_KEEPS: a confirmed record is enough, whether its holder is placed
 * or not. WITHOUT_PREDECESSOR: with just K left, the predecessor goes like the others. WITHOUT_ASKED_AGAIN: a holder whose
 * share is gone is not asked for the next dealing. WITHOUT_SHARELESS: a holder that says that its share is gone is not
 * lost.
 */
#ifndef N
#define N 2
#define K 1
#endif
#ifndef NODES
#define NODES 3
#endif
#ifndef DEALINGS
#define DEALINGS 4
#endif
#ifndef HELD
#define HELD 3
#endif
#ifndef PARTINGS
#define PARTINGS 1
#endif
#ifndef LOSSES
#define LOSSES 0
#endif

#define HAS(set, e) (((set) >> (e)) & 1)
#define COUNT(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2) + HAS(set, 3) + HAS(set, 4))
#define ALL ((1 << NODES) - 1)

/* Nodes, as bits: who is away, gone for good, placed; and the dealings of which each holds a share. */
byte away, gone, placed;
byte held[NODES];
byte partings, losses;

/* The owner: holders of each dealing, the newest; of its holders: who keeps, has confirmed, was silent for a grace, has
   said that its share is not there. */
byte holders[DEALINGS], newest;
byte keeps, confirmed, silent, without;

hidden byte n, d, set, count, live;
hidden byte S4, L, is_so;

#define HOLDERS holders[newest]
#ifdef WITHOUT_SHARELESS
#define IS_LOST(n) (HAS(gone, n) || HAS(silent, n))
#define COUNTS_AS_LOST false
#else
#define IS_LOST(n) (HAS(gone, n) || HAS(silent, n) || HAS(without, n))
#define COUNTS_AS_LOST true
#endif
/* It is there, and has lost its share, or loses it when it comes back. */
#define HAS_LOST(n) (!HAS(gone, n) && !(HAS(held[n], newest) && (HAS(placed, n) || !HAS(away, n))))
#define THERE(n) (!HAS(away, n) && !HAS(gone, n))
#ifdef WITHOUT_KEEPS
#define KEEPER(n) HAS(confirmed, n)
#else
#define KEEPER(n) (HAS(confirmed, n) && HAS(keeps, n))
#endif
#ifdef WITHOUT_ASKED_AGAIN
#define MAY_BE_ASKED(n) (!HAS(without, n))
#define WILL_BE_ASKED(n) (!HAS(HOLDERS, n) || !HAS_LOST(n))
#else
#define MAY_BE_ASKED(n) true
#define WILL_BE_ASKED(n) true
#endif

/* count: keepers of the newest, when all are who are not lost; else 0. */
inline count_keepers() {
    count = 0;
    n = 0;
    is_so = true;
    do
    :: n == NODES -> break
    :: else ->
        if
        :: HAS(HOLDERS, n) && KEEPER(n) -> count++
#ifdef WITHOUT_LOST
        :: HAS(HOLDERS, n) && !KEEPER(n) -> is_so = false
#else
        :: HAS(HOLDERS, n) && !KEEPER(n) && !IS_LOST(n) -> is_so = false
#endif
        :: else
        fi;
        n++
    od;
    if
    :: !is_so -> count = 0
    :: else
    fi
}

/* The number of the newest dealing older than the newest of which anybody holds a share; DEALINGS: none. */
inline find_predecessor() {
    d = newest;
    do
    :: d == 0 -> d = DEALINGS; break
    :: else ->
        d--;
        n = 0;
        is_so = false;
        do
        :: n == NODES -> break
        :: else ->
            is_so = is_so || (HAS(held[n], d) && !HAS(gone, n));
            n++
        od;
        if
        :: is_so -> break
        :: else
        fi
    od
}

/* set: the older dealings that may go. */
inline may_go() {
    count_keepers();
    set = 0;
    if
    :: count > K || count == N -> set = (1 << newest) - 1
    :: count == K && count < N ->
#ifdef WITHOUT_PREDECESSOR
        set = (1 << newest) - 1
#else
        find_predecessor();
        if
        :: d < DEALINGS -> set = (1 << d) - 1
        :: else
        fi
#endif
    :: else
    fi
}

inline something_is_held() {
    S4 = false;
    d = 0;
    do
    :: d > newest -> break
    :: else ->
        n = 0;
        live = 0;
        do
        :: n == NODES -> break
        :: else ->
            live = live + (HAS(held[n], d) && !HAS(gone, n));
            n++
        od;
        S4 = S4 || live >= K;
        d++
    od;
    assert(S4)
}

/* is_so: K others hold some dealing and are placed: more than that no sharing withstands. */
inline others_keep(i) {
    is_so = false;
    d = 0;
    do
    :: d > newest -> break
    :: else ->
        n = 0;
        live = 0;
        do
        :: n == NODES -> break
        :: else ->
            live = live + (n != i && HAS(held[n], d) && HAS(placed, n) && !HAS(gone, n));
            n++
        od;
        is_so = is_so || live >= K;
        d++
    od;
    skip
}

proctype node(byte i) {
end:
    do
    :: d_step { THERE(i) -> away = away | (1 << i) }
    :: d_step {
        HAS(away, i) && !HAS(gone, i) ->
        away = away & (ALL - (1 << i));
        if
        :: !HAS(placed, i) ->
            held[i] = 0;
            something_is_held()
        :: else
        fi
    }
    :: d_step { THERE(i) && !HAS(placed, i) -> placed = placed | (1 << i) }
    :: d_step {
        partings < PARTINGS && !HAS(gone, i) ->
        others_keep(i);
        if
        :: is_so ->
            partings++;
            gone = gone | (1 << i);
            keeps = keeps & (ALL - (1 << i))
        :: else
        fi
    }
#if LOSSES
    :: d_step {
        losses < LOSSES && !HAS(gone, i) ->
        others_keep(i);
        if
        :: is_so ->
            losses++;
            held[i] = 0;
            placed = placed & (ALL - (1 << i))
        :: else
        fi
    }
#endif
    /* What the owner hears of it, as a holder of the newest. */
    :: d_step {
        THERE(i) && HAS(HOLDERS, i) && HAS(held[i], newest) && !HAS(confirmed, i) -> confirmed = confirmed | (1 << i)
    }
    :: d_step {
        THERE(i) && HAS(HOLDERS, i) && HAS(held[i], newest) && HAS(placed, i) && (!HAS(keeps, i) || HAS(silent, i)) ->
        keeps = keeps | (1 << i);
        silent = silent & (ALL - (1 << i));
        without = without & (ALL - (1 << i))
    }
    :: d_step {
        THERE(i) && HAS(HOLDERS, i) && !HAS(held[i], newest) && !HAS(without, i) ->
        keeps = keeps & (ALL - (1 << i));
        silent = silent & (ALL - (1 << i));
        without = without | (1 << i)
    }
    :: d_step {
        HAS(away, i) && !HAS(gone, i) && HAS(HOLDERS, i) && !HAS(silent, i) ->
        silent = silent | (1 << i);
        keeps = keeps & (ALL - (1 << i))
    }
    :: d_step {
        THERE(i) && (held[i] & ((1 << newest) - 1)) != 0 ->
        may_go();
        held[i] = held[i] & (255 - set);
        something_is_held()
    }
    od
}

/* set: who takes part in the next dealing; count: how many. Holders that are not lost stay. */
inline choose() {
    set = 0;
    n = 0;
    do
    :: n == NODES -> break
    :: else ->
        if
        :: HAS(HOLDERS, n) && !IS_LOST(n) && !HAS(without, n) && THERE(n) && COUNT(held[n]) < HELD ->
            set = set | (1 << n)
        :: else
        fi;
        n++
    od;
    n = 0;
    do
    :: n == NODES -> break
    :: else ->
        if
        :: COUNT(set) < N && !HAS(set, n) && THERE(n) && !HAS(silent, n) && MAY_BE_ASKED(n) && COUNT(held[n]) < HELD ->
            set = set | (1 << n)
        :: else
        fi;
        n++
    od;
    skip
}

#define LACKS ((HOLDERS & (gone | silent | without)) != 0)

inline deal() {
    newest++;
    holders[newest] = set;
    keeps = 0;
    confirmed = 0;
    silent = 0;
    without = 0;
    n = 0;
    do
    :: n == NODES -> break
    :: else ->
        if
        :: HAS(set, n) -> held[n] = held[n] | (1 << newest)
        :: else
        fi;
        n++
    od;
    skip
}

proctype owner() {
end:
    do
    :: d_step {
        LACKS && newest + 1 < DEALINGS ->
        choose();
        if
        :: COUNT(set) == N -> deal()
        :: else
        fi
    }
    od
}

/* All who are left come back and stay; they are placed, and have said what is so: then N keep the newest, or, once what
   may go has gone, N take the next one. */
inline comes_to_n() {
    n = 0;
    live = 0;
    count = 0;
    is_so = true;
    do
    :: n == NODES -> break
    :: else ->
        if
        :: HAS(HOLDERS, n) && !HAS(gone, n) && HAS(held[n], newest) && (HAS(placed, n) || !HAS(away, n)) -> count++
#ifdef WITHOUT_LOST
        :: HAS(HOLDERS, n) && HAS(gone, n) && !HAS(confirmed, n) -> is_so = false
#endif
        :: HAS(HOLDERS, n) && HAS_LOST(n) && !COUNTS_AS_LOST -> is_so = false
        :: else
        fi;
        n++
    od;
    set = 0;
    if
    :: is_so && (count > K || count == N) -> set = (1 << newest) - 1
    :: is_so && count == K && count < N ->
        live = count;
        find_predecessor();
        count = live;
        if
        :: d < DEALINGS -> set = (1 << d) - 1
        :: else
        fi
    :: else
    fi;
    live = 0;
    n = 0;
    do
    :: n == NODES -> break
    :: else ->
        live = live + (!HAS(gone, n) && WILL_BE_ASKED(n) && COUNT(held[n] & (255 - set)) < HELD);
        n++
    od;
    L = count == N || count < K || live >= N || COUNT(ALL - gone) < N
}

proctype probe() {
end:
    do
    :: d_step {
        comes_to_n();
        assert(L)
    }
    od
}

init {
    atomic {
        d_step {
            holders[0] = (1 << N) - 1;
            n = 0;
            do
            :: n == N -> break
            :: else ->
                held[n] = 1;
                n++
            od;
            keeps = HOLDERS;
            confirmed = HOLDERS;
            placed = HOLDERS;
            d = 0
        }
        do
        :: d == NODES -> break
        :: else ->
            run node(d);
            d++
        od;
        run owner();
        run probe()
    }
}
