/*
 * Who gives way (CLAIMS.md, 4.3 and 4.4): live instances of one owner, each of which raises its number, stands, shows
 * proof and locks itself, beside what a dead predecessor sent. Checked: F, and L under weak fairness: every message that
 * goes on being possible arrives in the end.
 *
 * One generation of N = 3, Q = 2. Instance DEAD died with claims on the way under number 4, each of which may arrive once
 * or never; DEAD_STOOD: it stood under 3 before it claimed 4, and its proof may be on the way too, or at any acceptor.
 * The one live instance starts from an old disk, below what the dead one asked. With LIVE two there is no
 * dead one. Pauses are random and double: so who has tried TRIES times lets the other finish what it can.
 *
 * WITHOUT_R7: n - q + 1 refusals lock. WITHOUT_STOOD: a proof locks who has not stood too. WITHOUT_PROOF: nothing locks.
 * WITHOUT_IN_ACCEPT: only refusals hand over the proof.
 * WITHOUT_A6: a number counts without a statement, and acceptor 0 lies: it names the highest there is.
 */
#define N 3
#define Q 2
#ifndef LIVE
#define LIVE 1
#endif
#define DEAD LIVE
#define DEAD_NUMBER 4
#ifndef TRIES
#define TRIES 2
#endif
#define HIGHEST 15
#define HAS(set, e) (((set) >> (e)) & 1)
#define COUNT(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2))

/* An acceptor: promise, and the highest proof that it was given. */
byte promised[N], promised_to[N], proof[N], proof_of[N];
/* A live instance: the number it asks or stands under, the one under which it stands (0: none), words for the first,
   who refused it, the highest number it heard, whether it is locked, how often it raised its number. */
byte asks[LIVE], stands[LIVE], words[LIVE], refused[LIVE], heard[LIVE], tries[LIVE];
bool locked[LIVE];
/* The highest number under which anybody stood. */
byte highest_stood = 1;

hidden byte F, L, NUMBERS_LAST, x;

#define REFUSES(n, i) (promised[n] > asks[i] || (promised[n] == asks[i] && promised_to[n] != i))
#define ASKING(i) (asks[i] != stands[i])

/* What a refusal by acceptor n does to instance i beside making it claim higher. */
#define PROVES_HIGHER(n, i) (proof[n] > stands[i] && proof_of[n] != i)
#if defined(WITHOUT_R7)
#define LOCKS(n, i) (COUNT(refused[i] | (1 << n)) > N - Q)
#elif defined(WITHOUT_PROOF)
#define LOCKS(n, i) false
#elif defined(WITHOUT_STOOD)
#define LOCKS(n, i) PROVES_HIGHER(n, i)
#else
#define LOCKS(n, i) (stands[i] != 0 && PROVES_HIGHER(n, i))
#endif

/* An accept hands over the proof too. */
#if defined(WITHOUT_R7) || defined(WITHOUT_IN_ACCEPT)
#define ACCEPT_LOCKS(n, i) false
#else
#define ACCEPT_LOCKS(n, i) LOCKS(n, i)
#endif

inline lock(i) {
    locked[i] = true;
    F = (stands[i] != 0 && highest_stood > stands[i]);
    assert(F)
}

/* Requests of instance i at acceptor n: a claim while it asks, standing (with its proof) when it stands. */
proctype line_between(byte n, i) {
end:
    do
    :: d_step {
        !locked[i] && !REFUSES(n, i) && (promised[n] < asks[i] || (ASKING(i) && !HAS(words[i], n))) ->
        promised[n] = asks[i];
        promised_to[n] = i;
        words[i] = words[i] | (1 << n);
        if
        :: ACCEPT_LOCKS(n, i) -> lock(i)
        :: else
        fi
    }
    :: d_step {
        !locked[i] && stands[i] != 0 && promised[n] <= stands[i] && proof[n] < stands[i] ->
        proof[n] = stands[i];
        proof_of[n] = i
    }
    /* A refusal: it hands over the promise and the proof. */
    :: d_step {
        !locked[i] && REFUSES(n, i) && (heard[i] < promised[n] || !HAS(refused[i], n) || LOCKS(n, i)) ->
        refused[i] = refused[i] | (1 << n);
#ifdef WITHOUT_A6
        heard[i] = (n == 0 -> HIGHEST : (heard[i] > promised[n] -> heard[i] : promised[n]));
#else
        heard[i] = (heard[i] > promised[n] -> heard[i] : promised[n]);
#endif
        if
        :: LOCKS(n, i) -> lock(i)
        :: else
        fi
    }
    od
}

/* With two alive, when this one has tried often: its pause lets the other do all that it can do first. */
#if LIVE > 1
#define DOOMED(i) (REFUSES(0, i) + REFUSES(1, i) + REFUSES(2, i) > N - Q)
#define HAS_PROOF(n, i) (promised[n] >= stands[i] && (proof[n] >= stands[i] || promised[n] > stands[i]))
#define AT_A_STOP(i)                                                                                                   \
    (locked[i] || (ASKING(i) && DOOMED(i)) ||                                                                          \
     (!ASKING(i) && HAS_PROOF(0, i) && HAS_PROOF(1, i) && HAS_PROOF(2, i)))
#define MAY_TRY(i) (tries[i] < TRIES || AT_A_STOP(1 - i))
#else
#define MAY_TRY(i) true
#endif

proctype instance(byte i) {
end:
    do
    :: d_step {
        !locked[i] && (heard[i] > asks[i] || (heard[i] == asks[i] && refused[i] != 0)) && MAY_TRY(i) ->
        NUMBERS_LAST = heard[i] < HIGHEST;
        assert(NUMBERS_LAST);
        asks[i] = heard[i] + 1;
        tries[i] = (tries[i] < TRIES -> tries[i] + 1 : TRIES);
        words[i] = 0;
        refused[i] = 0
    }
    :: d_step {
        !locked[i] && ASKING(i) && COUNT(words[i]) >= Q ->
        stands[i] = asks[i];
        highest_stood = (highest_stood > stands[i] -> highest_stood : stands[i])
    }
    od
}

/* What the dead one sent to acceptor n: a claim, and, if it stood, the proof of that. */
proctype late(byte n) {
    bool sent;
end:
    do
    :: d_step {
        !sent && promised[n] < DEAD_NUMBER ->
        sent = true;
        promised[n] = DEAD_NUMBER;
        promised_to[n] = DEAD
    }
#ifdef DEAD_STOOD
    :: d_step {
        proof[n] == 0 && promised[n] <= 3 ->
        promised[n] = 3;
        promised_to[n] = DEAD;
        proof[n] = 3;
        proof_of[n] = DEAD
    }
#endif
    :: sent = true; break
    od
}

#define AT_REST(i) (stands[i] != 0 && !locked[i] && !ASKING(i) && promised[0] == stands[i] && promised[1] == stands[i] &&  \
                    promised[2] == stands[i] && promised_to[0] == i && promised_to[1] == i && promised_to[2] == i)
#if LIVE > 1
/* Every step moves something up, and numbers end below HIGHEST: so every run comes to an end, and this is the end. */
proctype the_end() {
    timeout;
    L = (AT_REST(0) && locked[1]) || (AT_REST(1) && locked[0]);
    assert(L)
}
#else
ltl one_remains { <>[] AT_REST(0) }
#endif

init {
    atomic {
        d_step {
            x = 0;
            do
            :: x == N -> break
            :: else ->
#ifdef DEAD_STOOD
                /* It stood, so that two of three have promised at least. */
                promised[x] = (x < Q -> 3 : 1);
                promised_to[x] = (x < Q -> DEAD : 0);
#else
                promised[x] = 1;
#endif
                x++
            od;
#ifdef DEAD_STOOD
            highest_stood = 3;
#endif
            x = 0;
            do
            :: x == LIVE -> break
            :: else ->
                asks[x] = 2;
                x++
            od;
            x = 0
        }
        do
        :: x == N * LIVE -> break
        :: else ->
            run line_between(x % N, x / N);
            x++
        od;
        x = 0;
#if LIVE == 1
        do
        :: x == N -> break
        :: else ->
            run late(x);
            x++
        od;
        x = 0;
#endif
        do
        :: x == LIVE -> break
        :: else ->
            run instance(x);
            x++
        od;
#if LIVE > 1
        run the_end()
#endif
    }
}
