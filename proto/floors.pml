/*
 * Floors that follow each other (CLAIMS.md, section 6): the authority decides twice whose votes count, while instances
 * claim, write a record and release, and while votes that were asked for under an earlier floor are late. Checked: S1,
 * S2 and S3.
 *
 * One generation of N = 4, Q = 3 with the record as a number, as in transfer.pml: who stands writes its own number, and
 * it is sealed when a quorum keeps it. The first floor has LEFT1 vote, Q1 of them suffice; the second one LEFT2, Q2.
 * Those that are not left answer nobody from the decision on; what they said before may be counted at any later time.
 * Requests arrive at any later time or never. An instance is one ballot; it starts from any record that was ever written,
 * with any number that the floor which it knows allows: its disk may be an old one. A floor lies above every number that
 * is asked for by who does not know of it: CLAIM1, CLAIM2.
 *
 * What is sealed under a floor must be known to who stands under the same or an earlier one. Who stands under a later
 * one begins with what was shown to the authority: what only those knew who are lost is lost with them.
 *
 * FIRST: the floor with which the account begins. RECORDS: records are written and sealed. RELEASES: first releases
 * happen.
 *
 * WITHOUT_GIVING_UP: an instance that hears of a floor goes on with its ballot and counts the votes that it has by the
 * new floor. WITHOUT_CLAIM_ABOVE: the second decision is added to the first one, under the same claim.
 */
#define N 4
#define Q 3
#define NODES 4
#ifndef INSTANCES
#define INSTANCES 4
#endif
#ifndef FIRST
#define FIRST 0
#endif
#define CLAIM1 3
#define MAKERS (FIRST == 0 -> 1 : CLAIM1)
#ifdef WITHOUT_CLAIM_ABOVE
#define CLAIM2 CLAIM1
#define BELOW(floor) ((floor) == 0 -> CLAIM1 : 255)
#else
#define CLAIM2 5
#define BELOW(floor) ((floor) == 0 -> CLAIM1 : ((floor) == 1 -> CLAIM2 : 255))
#endif
#define LEFT1 14
#define Q1 2
#define LEFT2 8
#define Q2 1

#define HAS(set, e) (((set) >> (e)) & 1)
#define COUNT(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2) + HAS(set, 3))
#define LEFT(floor) ((floor) == 0 -> 15 : ((floor) == 1 -> LEFT1 : LEFT2))
#define ENOUGH(floor) ((floor) == 0 -> Q : ((floor) == 1 -> Q1 : Q2))
#define CLAIM(floor) ((floor) == 0 -> 0 : ((floor) == 1 -> CLAIM1 : CLAIM2))

mtype = { unborn, claiming, standing, over };

/* An acceptor: its promise (number and instance), newest record, and the floor that it knows. */
byte promised[NODES], promised_to[NODES], newest[NODES], told[NODES];

/* An instance: number, the floor that it knows, the record, words and acknowledgements. */
mtype state[INSTANCES];
byte number[INSTANCES], heard[INSTANCES], known[INSTANCES], words[INSTANCES], acks[INSTANCES];
byte releasing[INSTANCES], outdated[INSTANCES], superseded[INSTANCES];

/* Floors that were decided; records that exist; the newest sealed one under each floor. */
byte decided = FIRST;
byte written = 1 << MAKERS;
byte sealed[3];
/* Who has stood. */
byte stood;

hidden byte x, j, count, is_so;
hidden byte S1_ORDER, S1_LATE, S2, S3;

#define SILENT(x) (!HAS(LEFT(decided), x))
#define REFUSES(x, i)                                                                                                  \
    (SILENT(x) || number[i] < CLAIM(told[x]) || promised[x] > number[i] ||                                             \
     (promised[x] == number[i] && promised_to[x] != i))
#define CARRIES(set, i) (COUNT((set) & LEFT(heard[i])) >= ENOUGH(heard[i]))

/* Who is behind pulls the set before it judges. */
#define PULL(n, i)                                                                                                     \
    if                                                                                                                 \
    :: told[n] < heard[i] -> told[n] = heard[i]                                                                        \
    :: else                                                                                                            \
    fi
#define PROMISE(n, i)                                                                                                  \
    promised[n] = number[i];                                                                                           \
    promised_to[n] = i
/* As it judges after the pull. */
#define TAKES(n, i)                                                                                                    \
    (HAS(LEFT(heard[i]), n) && !REFUSES(n, i) && number[i] >= CLAIM(heard[i]))

/* is_so: instance i is superseded: by the floor that it knows. */
inline is_superseded(i) {
    count = 0;
    x = 0;
    do
    :: x == NODES -> break
    :: else ->
        if
        :: HAS(LEFT(heard[i]), x) && REFUSES(x, i) -> count++
        :: else
        fi;
        x++
    od;
    is_so = count > COUNT(LEFT(heard[i])) - ENOUGH(heard[i])
}

/* What acceptor n does on a request of instance i. */
proctype line_between(byte n, i) {
end:
    do
    :: d_step {
        (state[i] == claiming || state[i] == standing) && TAKES(n, i) && newest[n] <= known[i] &&
            (promised[n] < number[i] || (state[i] == claiming && !HAS(words[i], n))) ->
        PULL(n, i);
        PROMISE(n, i);
        if
        :: state[i] == claiming -> words[i] = words[i] | (1 << n)
        :: else
        fi
    }
#ifdef RECORDS
    :: d_step {
        state[i] == claiming && !SILENT(n) && newest[n] > known[i] -> known[i] = newest[n]
    }
    :: d_step {
        state[i] == standing && known[i] == number[i] && TAKES(n, i) && !HAS(acks[i], n) && newest[n] <= number[i] ->
        PULL(n, i);
        PROMISE(n, i);
        newest[n] = number[i];
        acks[i] = acks[i] | (1 << n);
        if
        :: CARRIES(acks[i], i) && sealed[heard[i]] < number[i] -> sealed[heard[i]] = number[i]
        :: else
        fi
    }
#endif
#ifdef RELEASES
    :: d_step {
        releasing[i] == 1 && state[i] == standing && TAKES(n, i) && !HAS(words[i], n) ->
        PULL(n, i);
        PROMISE(n, i);
        words[i] = words[i] | (1 << n)
    }
#endif
    od
}

#define START_FROM(record)                                                                                             \
    :: HAS(written, record) -> known[i] = record
#define START_WITH(of, floor)                                                                                          \
    :: floor >= FIRST && decided >= floor && of >= CLAIM(floor) && of < BELOW(floor) ->                              \
        number[i] = of;                                                                                                \
        heard[i] = floor

inline stand(i) {
    state[i] = standing;
    words[i] = 0;
    j = 0;
    do
    :: j == INSTANCES -> break
    :: else ->
        if
        :: j != i && state[j] != unborn ->
            S2 = !(HAS(stood, j) && number[j] == number[i]);
            assert(S2);
            is_superseded(j);
            superseded[i] = superseded[i] | (is_so << j)
        :: else
        fi;
        j++
    od;
    stood = stood | (1 << i);
    is_superseded(i);
    S3 = is_so || (known[i] >= sealed[2] && (number[i] >= CLAIM2 || known[i] >= sealed[1]) &&
                   (number[i] >= CLAIM2 || known[i] >= sealed[0]));
    assert(S3)
}

/* With a ballot below the floor, or that others must carry now, there is nothing more to be done. */
#ifdef WITHOUT_GIVING_UP
#define HEARS(i) skip
#else
#define HEARS(i)                                                                                                       \
    if                                                                                                                 \
    :: state[i] == claiming || number[i] < CLAIM(decided) -> state[i] = over                                           \
    :: else                                                                                                            \
    fi
#endif

proctype instance(byte i) {
end:
    do
    :: atomic {
        state[i] == unborn && state[i - 1] != unborn ->
        if
        START_FROM(1)
        START_FROM(2)
        START_FROM(3)
        START_FROM(4)
        START_FROM(5)
        fi;
        if
        START_WITH(2, 0)
        START_WITH(3, 1)
        START_WITH(4, 1)
        START_WITH(CLAIM2, 2)
        fi;
        state[i] = claiming
    }
    :: d_step {
        decided > heard[i] && (state[i] == claiming || state[i] == standing) ->
        heard[i] = decided;
        HEARS(i)
    }
    :: d_step {
        state[i] == claiming && CARRIES(words[i], i) -> stand(i)
    }
#ifdef RECORDS
    :: d_step {
        state[i] == standing && known[i] != number[i] ->
        known[i] = number[i];
        written = written | (1 << number[i])
    }
#endif
#ifdef RELEASES
    :: d_step {
        state[i] == standing && releasing[i] == 0 ->
        releasing[i] = 1;
        j = 0;
        do
        :: j == INSTANCES -> break
        :: else ->
            outdated[i] = outdated[i] || (j != i && state[j] == standing && number[j] >= number[i]);
            j++
        od;
        skip
    }
    :: d_step {
        releasing[i] == 1 && state[i] == standing && CARRIES(words[i], i) ->
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
                S1_ORDER = (number[j] < number[i] -> HAS(superseded[i], j) : HAS(superseded[j], i));
                assert(S1_ORDER)
            :: else
            fi;
            j++
        od;
        skip
    }
#endif
    od
}

proctype authority() {
end:
    do
    :: d_step { decided < 2 -> decided++ }
    od
}

init {
    atomic {
        d_step {
            x = 0;
            do
            :: x == NODES -> break
            :: else ->
                promised[x] = MAKERS;
                newest[x] = MAKERS;
                told[x] = FIRST;
                x++
            od;
            x = 0;
            do
            :: x == INSTANCES -> break
            :: else ->
                state[x] = (x == 0 -> standing : unborn);
                x++
            od;
            number[0] = MAKERS;
            heard[0] = FIRST;
            known[0] = MAKERS;
            stood = 1;
            x = 0
        }
        do
        :: x == NODES * INSTANCES -> break
        :: else ->
            run line_between(x % NODES, x / NODES);
            x++
        od;
        x = 0;
        do
        :: x == INSTANCES -> break
        :: else ->
            run instance(x);
            x++
        od;
        run authority()
    }
}
