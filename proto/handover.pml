/*
 * One takes over from another on the same machine (HANDOVER.md): an old process that stands under number 1, TAKERS new
 * ones, and the old one started again. Checked, in every order of events:
 *   S1 of two that serve under one ballot there is none, and the old one does not serve under it once it was given up;
 *   S2 the old one, started again, does not stand once a new one has stood: its vault lacks what that has promised since;
 *   S3 once the old one, started again, stands, no new one begins to serve by what the old one sent before.
 *
 * Any message is a fact once it was sent: it may be read late, twice or never. Each process may die at any step; what
 * was not durable is lost with it. Time passes at any step; but who has waited for a minute knows that every transcript
 * that was made before is more than a minute old. Claims are one step: that they are a register is claim.pml's to show,
 * and here it makes more happen that a claimant hears of the highest number only while nothing says that it must.
 *
 * WITHOUT_...: the model without that rule. GIVING_UP_FIRST: it sends before it stops serving. DURABLE: it sends before
 * the row is durable. ONE_TAKER: it sends to whoever has passed. THE_MINUTE: started again it waits for nothing.
 * LATE: a new one takes what is more than a minute old. THE_ROW: started again it does not look at the row. FRESH: started
 * again it goes on under its ballot, and asks nobody.
 */
#ifndef TAKERS
#define TAKERS 2
#endif
#ifndef LIVES
#define LIVES 2
#endif
#define HIGHEST 6

/* The old one. GIVING: the row is written and not durable yet. */
#define SERVES 1
#define GIVING 2
#define GIVEN 3
#define DOWN 4
#define STARTED 5
#define STANDS 6
#define BLOCKED 7
/* A new one, besides SERVES (under what it inherited), DOWN and STANDS (under a number of its own). */
#define IDLE 0
#define CHALLENGED 8
#define PASSED 9
#define HAS_IT 10

byte old = SERVES, life, ballot = 1;
/* On the old one's disk; in its memory: to whom, 255 nobody. */
bool given_row;
byte given_to = 255;
bool old_serves = true;

byte new[TAKERS], challenge_of[TAKERS];
bool late[TAKERS], shown[TAKERS], asked[TAKERS], answer[TAKERS], durable[TAKERS];
byte answer_of[TAKERS], answer_ballot[TAKERS], inherited[TAKERS];

/* The highest number that stood, and whether a new one has stood. */
byte highest = 1;
bool new_stood;

hidden byte S1, S2, S3, i;

/* Another that serves under a ballot. */
inline nobody_else(b, me) {
    S1 = !(me != 255 && old_serves && ballot == b);
    i = 0;
    do
    :: i == TAKERS -> break
    :: else ->
        S1 = S1 && !(i != me && new[i] == SERVES && inherited[i] == b);
        i++
    od;
    assert(S1)
}

#ifdef WITHOUT_LATE
#define IN_TIME(t) true
#else
#define IN_TIME(t) (!late[t])
#endif
#define OF_THIS_LIFE(t) (challenge_of[t] == life)
#ifdef WITHOUT_ONE_TAKER
#define MAY_GIVE(t) ((old == SERVES || old == STANDS) || old == GIVEN || old == GIVING)
#define SENDS_TO(t) (shown[t] && asked[t])
#else
#define MAY_GIVE(t) (old == SERVES || old == STANDS)
#define SENDS_TO(t) (given_to == t)
#endif
#ifdef WITHOUT_DURABLE
#define MAY_SEND (old == GIVING || old == GIVEN)
#else
#define MAY_SEND (old == GIVEN)
#endif

proctype old_one() {
end:
    do
    /* It gives up: stops serving in the step that writes the row. */
    :: d_step {
        MAY_GIVE(0) && asked[0] && shown[0] && !late[0] && OF_THIS_LIFE(0) && (given_to != 0 || old != GIVING) ->
        old = (old == GIVEN -> GIVEN : GIVING);
        given_to = 0;
#ifndef WITHOUT_GIVING_UP_FIRST
        old_serves = false
#endif
    }
#if TAKERS > 1
    :: d_step {
        MAY_GIVE(1) && asked[1] && shown[1] && !late[1] && OF_THIS_LIFE(1) && (given_to != 1 || old != GIVING) ->
        old = (old == GIVEN -> GIVEN : GIVING);
        given_to = 1;
#ifndef WITHOUT_GIVING_UP_FIRST
        old_serves = false
#endif
    }
#endif
    :: d_step { old == GIVING && !given_row -> given_row = true; old = GIVEN }
    :: d_step {
        MAY_SEND && SENDS_TO(0) && !answer[0] && !late[0] ->
        answer[0] = true; answer_of[0] = challenge_of[0]; answer_ballot[0] = ballot
    }
#if TAKERS > 1
    :: d_step {
        MAY_SEND && SENDS_TO(1) && !answer[1] && !late[1] ->
        answer[1] = true; answer_of[1] = challenge_of[1]; answer_ballot[1] = ballot
    }
#endif
    :: d_step { old == GIVEN && old_serves -> old_serves = false }
    :: d_step { old != DOWN && life + 1 < LIVES -> old = DOWN; given_to = 255; old_serves = false }
    /* It starts again, with what is on its disk. */
    :: d_step {
        old == DOWN ->
        life++;
#ifdef WITHOUT_FRESH
        old = SERVES;
        old_serves = true;
        nobody_else(ballot, 255)
#else
        old = STARTED
#endif
    }
    :: d_step {
        old == STARTED ->
#ifndef WITHOUT_THE_MINUTE
        if
        :: given_row ->
            i = 0;
            do
            :: i == TAKERS -> break
            :: challenge_of[i] < life -> late[i] = true; i++
            :: else -> i++
            od
        :: else
        fi;
#endif
        /* It claims above the highest number that it hears of. */
        if
#ifndef WITHOUT_THE_ROW
        :: given_row && highest > ballot -> old = BLOCKED
#endif
        :: else ->
            S2 = !new_stood;
            assert(S2);
            highest++;
            ballot = highest;
            old = STANDS;
            old_serves = true;
            given_row = false;
            nobody_else(ballot, 255)
        fi
    }
    od
}

proctype time_passes(byte t) {
end:
    do
    :: d_step { !late[t] && new[t] != IDLE -> late[t] = true }
    od
}

proctype new_one(byte t) {
end:
    do
    /* A challenge of the process that runs, or asked for anew. */
    :: d_step {
        new[t] == IDLE && (old == SERVES || old == STANDS) ->
        new[t] = CHALLENGED; challenge_of[t] = life; late[t] = false
    }
    /* The old one has judged its quote, it has judged the old one's. */
    :: d_step {
        new[t] == CHALLENGED && (old == SERVES || old == STANDS) && OF_THIS_LIFE(t) && !late[t] ->
        new[t] = PASSED; shown[t] = true
    }
    :: d_step { new[t] == PASSED && !asked[t] -> asked[t] = true }
    :: d_step {
        new[t] == PASSED && answer[t] && IN_TIME(t) && answer_of[t] == challenge_of[t] ->
        new[t] = HAS_IT;
        inherited[t] = answer_ballot[t]
    }
    /* Its vault is durable: it serves. */
    :: d_step {
        new[t] == HAS_IT && IN_TIME(t) ->
        durable[t] = true;
        new[t] = SERVES;
        S3 = !(old_serves && ballot > inherited[t]);
        assert(S3);
        nobody_else(inherited[t], t)
    }
    /* Holders answer: it claims higher; a higher one that stood locks it. */
    :: d_step {
        new[t] == SERVES && highest == inherited[t] && highest < HIGHEST ->
        new[t] = STANDS;
        highest++;
        new_stood = true
    }
    :: d_step { new[t] == SERVES && highest > inherited[t] -> new[t] = DOWN }
    :: d_step { new[t] != IDLE && new[t] != DOWN -> new[t] = DOWN }
    od
}

init {
    atomic {
        i = 0;
        run old_one();
        run new_one(0);
        run time_passes(0);
#if TAKERS > 1
        run new_one(1);
        run time_passes(1);
#endif
    }
}
