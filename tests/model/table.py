"""Which models are checked, with which settings, and what spin must find in each."""

from dataclasses import dataclass

_CLAIM_ONE = "N=1 K=1 Q=1 NODES=3 G0=1 G1=2 G2=4 GENERATIONS=3 "
_LIAR = "LIARS=1 RELEASES "
_SURVIVORS = "N=3 K=1 Q=2 NODES=3 G0=7 G1=7 INSTANCES=3 GENERATIONS=1 FRESH=2 GONE=3 SURVIVORS_Q=1 RELEASES "
_FLOORS = "FIRST=1 INSTANCES=3 "
_MENDS = "NODES=4 INSTANCES=2 LIARS=8 MENDS "
_FAVOUR = _CLAIM_ONE + "INSTANCES=4 FRESH=2 GONE=1 FAVOURED=1 WRITTEN_OFF ONE_MACHINE "
_NAMED = ("N=3 K=1 Q=2 Q1=1 NODES=4 G0=7 G1=8 INSTANCES=3 GENERATIONS=2 FRESH=1 GONE=3 SURVIVORS_Q=1 FAVOURED=0 "
          "ONE_MACHINE RELEASES ")


@dataclass(frozen=True)
class Row:
    """One search. broken: the promise that spin must find broken, or None where the search must be clean and whole;
    states: how many states a clean search has, no more and no fewer, so that none is lost unseen; live: a property of
    whole runs, under weak fairness, instead of one of states; depth: less than the search needs, where it must be
    noticed that it was cut short."""

    name: str
    model: str
    defines: str
    states: int = 0
    broken: str | None = None
    live: bool = False
    depth: int = 0


MAIN = [
    Row("claim_three_instances", "claim", "INSTANCES=3 LIVENESS", states=504184),
    Row("claim_one_rolled_back_acceptor", "claim", _LIAR + "LIVENESS", states=439479),
    Row("claim_generations_with_no_common_holder", "claim", "INSTANCES=2 NODES=8 G1=240 LIVENESS", states=21182),
    Row("claim_full_chain_is_no_dead_end", "claim", _CLAIM_ONE + "INSTANCES=3 LIVENESS MENDS NEEDS_A_WAY_ON CHAIN_MAX=1",
        states=6089),
    Row("claim_three_generations_of_one_holder", "claim", _CLAIM_ONE + "INSTANCES=3 LIVENESS MENDS", states=17191),
    Row("claim_forgets_what_is_settled", "claim", _CLAIM_ONE + "INSTANCES=3 LIVENESS MENDS FORGETS", states=161313),
    Row("claim_survivors_of_a_generation", "claim", _SURVIVORS, states=16015),
    Row("claim_floor_names_a_generation", "claim", _NAMED, states=171839),
    Row("provisional_words", "provisional", "COPIED=1 LIARS=8", states=163193),
    Row("provisional_rivals_of_one_number", "provisional", "SAME_NUMBER", states=347505),
    Row("transfers_with_a_rolled_back_acceptor", "transfer", "INSTANCES=2 LIARS=8", states=455377),
    Row("shares_deposited_again", "transfer", _MENDS, states=66129),
    Row("floors_that_follow_each_other", "floors", "FIRST=1 INSTANCES=4 RELEASES", states=632765),
    Row("floors_and_what_was_sealed", "floors", _FLOORS + "RECORDS", states=37417),
    Row("older_dealings_go", "dealings", "", states=448449),
    Row("fence_after_a_dead_predecessor", "fence", "", states=36889, live=True),
    Row("fence_between_two_that_run", "fence", "LIVE=2 TRIES=1", states=184256),
    Row("handover_two_takers_three_lives", "handover", "LIVES=3", states=15461),
    Row("a_search_cut_short_fails", "claim", _SURVIVORS, states=16015, depth=70),
]

ALL = [
    Row("claim_releases_in_three_generations", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES", states=2725857),
    Row("claim_written_off_in_favour_of_a_fork", "claim", _FAVOUR, states=359668),
    Row("claim_floor_names_a_generation_any_number", "claim", _NAMED + "FREE_NUMBERS NUMBERS_MAX=3", states=463279),
    Row("transfers", "transfer", "INSTANCES=2", states=1223521),
    Row("fence_after_a_predecessor_that_stood", "fence", "DEAD_STOOD", states=85297, live=True),
    Row("floors_after_none", "floors", "INSTANCES=3 RECORDS", states=3465025),
    Row("older_dealings_go_though_folders_are_lost", "dealings", "LOSSES=1 PARTINGS=0", states=1047153),
    Row("without_r1_ids_are_fresh", "claim", "INSTANCES=3 FREE_NUMBERS NUMBERS_MAX=2 WITHOUT_R1", broken="S2"),
    Row("without_r2_promise_by_any_request", "claim", "INSTANCES=3 WITHOUT_R2", broken="S4_COMPLETE"),
    Row("without_r3_known_record", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES WITHOUT_R3", broken="S3"),
    Row("without_r4_chain", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES WITHOUT_R4", broken="S1_ORDER"),
    Row("without_r5_seal", "claim", _CLAIM_ONE + "INSTANCES=3 WITHOUT_R5", broken="S3_FORKS"),
    Row("without_r5_own_ballot", "claim", _CLAIM_ONE + "INSTANCES=4 WITHOUT_A1", broken="S3"),
    Row("without_r5_descent", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES WITHOUT_A2_DESCENT", broken="S3"),
    Row("without_r5_ballot_of_the_certificate", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES WITHOUT_A2_BALLOT",
        broken="S1_LATE"),
    Row("without_r5_share_at_hand", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES WITHOUT_A3", broken="S4_COMPLETE"),
    Row("without_r5_new_holders_first", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES WITHOUT_NEW_FIRST",
        broken="S4_COMPLETE"),
    Row("without_r5_seal_before_deletion", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES WITHOUT_SEAL_FIRST",
        broken="S4_COMPLETE"),
    Row("without_r4_shares_mended", "claim", _CLAIM_ONE + "INSTANCES=3 LIVENESS NEEDS_A_WAY_ON CHAIN_MAX=1", broken="L"),
    Row("without_r6_tombstone", "claim", _CLAIM_ONE + "INSTANCES=3 RELEASES WITHOUT_R6", broken="S3"),
    Row("without_r6_tombstone_nobody_can_stand", "claim", _CLAIM_ONE + "INSTANCES=3 LIVENESS WITHOUT_R6", broken="L"),
    Row("without_r6_settled_before_shares_go", "claim", _CLAIM_ONE + "INSTANCES=3 FORGETS WITHOUT_SETTLED",
        broken="S4_COMPLETE"),
    Row("without_r6_nothing_older_is_needed", "claim", _CLAIM_ONE + "INSTANCES=3 FORGETS WITHOUT_NOTHING_OLDER",
        broken="S4_COMPLETE"),
    Row("without_r6_votes_stay_until_settled", "claim", _CLAIM_ONE + "INSTANCES=3 LIVENESS FORGETS WITHOUT_VOTES_STAY",
        broken="L"),
    Row("without_r7_proof", "fence", "WITHOUT_R7", broken="F", live=True),
    Row("without_r7_only_who_has_stood", "fence", "DEAD_STOOD WITHOUT_STOOD", broken="F", live=True),
    Row("without_r7_proof_with_an_accept", "fence", "LIVE=2 TRIES=1 WITHOUT_IN_ACCEPT", broken="NUMBERS_LAST"),
    Row("without_r7_anything_that_locks", "fence", "LIVE=2 TRIES=1 WITHOUT_PROOF", broken="NUMBERS_LAST"),
    Row("without_r2_statement_of_a_number", "fence", "WITHOUT_A6", broken="NUMBERS_LAST", live=True),
    Row("without_r8_fresh_acknowledgements", "claim", _LIAR + "WITHOUT_R8", broken="S1_LATE"),
    Row("without_r9_more_than_f_lie", "claim", "LIARS=3 RELEASES", broken="S1_ORDER"),
    Row("without_r10_quorum_of_provisional_words", "provisional", "SAME_NUMBER WITHOUT_R10", broken="S2"),
    Row("without_r10_firm_release", "provisional", "WITHOUT_FIRM_RELEASE", broken="S1_LATE"),
    Row("without_r10_quorum_of_all", "provisional", "WITHOUT_P LEFT=7", broken="S1_LATE"),
    Row("without_r11_quorum_of_members", "claim", "GENERATIONS=1 RELEASES WITHOUT_R11 GONE=7", broken="S1_ORDER"),
    Row("without_r11_claim_floor", "claim", _SURVIVORS + "WITHOUT_FLOOR", broken="S2"),
    Row("without_r11_other_machine_is_off", "claim", _SURVIVORS + "PERSON_WRONG", broken="S1_LATE"),
    Row("without_r11_void_records", "claim", _NAMED + "WITHOUT_VOID_RECORDS", broken="S1_LATE"),
    Row("without_r11_void_records_one_number", "claim", _NAMED + "FREE_NUMBERS NUMBERS_MAX=3 WITHOUT_VOID_RECORDS",
        broken="S2"),
    Row("without_r11_void_records_of_a_fork", "claim", _FAVOUR + "WITHOUT_VOID_RECORDS", broken="S3"),
    Row("without_r11_void_descendants", "claim", _NAMED + "WITHOUT_VOID_DESCENDANTS", broken="S1_LATE"),
    Row("without_r4_mended_share_has_no_vote", "transfer", _MENDS + "WITHOUT_VOTELESS", broken="S1_ORDER"),
    Row("without_r11_votes_by_their_floor", "floors", _FLOORS + "RELEASES WITHOUT_GIVING_UP", broken="S1_ORDER"),
    Row("without_r11_claim_above_the_floor_before", "floors", _FLOORS + "RELEASES WITHOUT_CLAIM_ABOVE",
        broken="S1_ORDER"),
    Row("without_deletion_the_lost_need_not_confirm", "dealings", "WITHOUT_LOST", broken="L"),
    Row("without_deletion_the_shareless_are_lost", "dealings", "WITHOUT_SHARELESS", broken="L"),
    Row("without_deletion_holders_say_that_they_keep", "dealings", "WITHOUT_KEEPS", broken="S4"),
    Row("without_deletion_the_predecessor_stays", "dealings", "LOSSES=1 PARTINGS=0 WITHOUT_PREDECESSOR",
        broken="S4"),
    Row("without_deletion_the_shareless_are_asked", "dealings", "WITHOUT_ASKED_AGAIN", broken="L"),
    Row("handover_without_giving_up_first", "handover", "WITHOUT_GIVING_UP_FIRST", broken="S1"),
    Row("handover_without_one_taker", "handover", "WITHOUT_ONE_TAKER", broken="S1"),
    Row("handover_without_a_fresh_instance", "handover", "WITHOUT_FRESH", broken="S1"),
    Row("handover_without_durability", "handover", "WITHOUT_DURABLE", broken="S2"),
    Row("handover_without_the_row", "handover", "WITHOUT_THE_ROW", broken="S2"),
    Row("handover_without_the_minute", "handover", "WITHOUT_THE_MINUTE", broken="S3"),
    Row("handover_without_lateness", "handover", "WITHOUT_LATE", broken="S3"),
    Row("without_r12_restored_share_votes", "transfer", "INSTANCES=2 LIARS=8 WITHOUT_R12", broken="S1_ORDER"),
    Row("without_r12_ceased_first", "transfer", "INSTANCES=2 LIARS=8 WITHOUT_CEASED", broken="S1_LATE"),
    Row("without_r12_promise_in_the_transfer", "transfer", "INSTANCES=2 LIARS=8 WITHOUT_PROMISE", broken="S1_LATE"),
    Row("without_r12_one_word_an_index", "transfer", "INSTANCES=2 LIARS=8 WITHOUT_INDEX", broken="S1_ORDER"),
]
