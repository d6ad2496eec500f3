"""The faults that have a name: what happens, and the tests that show how it ends.

`missing` says what of a fault is not shown, `cannot` why it cannot happen here. A test is named by its file
below `tests/` and its function.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One of them. It counts as shown where tests are named and nothing is missing."""

    what: str
    shown_by: tuple[str, ...] = ()
    missing: str = ""
    cannot: str = ""

    @property
    def is_shown(self) -> bool:
        return bool(self.shown_by) and not self.missing


def fault(what: str, *files: str, missing: str = "", cannot: str = "") -> Fault:
    """`files`: a file and, behind it, its tests: `store/test_ledger.py a_full_disk_is_told …`."""
    shown = []
    for words in files:
        file, *tests = words.split()
        shown += [f"{file}::test_{test}" for test in tests]
    return Fault(what, tuple(shown), missing, cannot)


GATEWAY, EVERY = "providers/test_gateway.py", "providers/test_faults_of_every_provider.py"
BROKEN, EXCHANGE = "providers/test_broken_connections.py", "providers/test_exchange.py"
PAGING, WINDOWS = "providers/test_paging.py", "providers/test_windows.py"
RELAY, ANSWERS = "providers/test_smtp_relay.py", "providers/test_turbosmtp_answers.py"
TOKENS, V1 = "providers/test_turbosmtp_v2_tokens.py", "providers/test_turbosmtp_v1.py"
NO_ANSWER = "a_send_without_a_whole_answer_is_unknown_and_not_repeated"
NO_QUESTION = "a_question_without_a_whole_answer_ends_in_one_of_our_errors"
SANDBOX, VAULT = "sandbox/test_server.py", "test_vault.py"

FAULTS: dict[str, Fault] = {
    # HTTP
    "N1": fault(
        "no such host, refused, unreachable",
        f"{GATEWAY} a_host_that_does_not_exist_is_told a_refused_connection_leaves_the_letter_here",
        f"{GATEWAY} a_host_that_does_not_pick_up_is_told",
        f"{EVERY} a_host_that_cannot_be_reached",
        "services/test_sending.py no_connection_is_tried_again_and_nothing_else_is",
    ),
    "N2": fault(
        "certificates that are no good, old TLS, plain HTTP where TLS should be",
        f"{GATEWAY} a_certificate_that_is_not_valid_is_named_and_nothing_is_sent",
        f"{GATEWAY} plain_http_where_tls_should_be_is_told the_systems_certificates_are_checked_strictly",
        f"{EVERY} a_certificate_that_is_no_good",
        f"{RELAY} old_tls_is_not_spoken",
    ),
    "N3": fault("never answers", f"{GATEWAY} {NO_ANSWER} {NO_QUESTION}", f"{EVERY} an_answer_that_is_none"),
    "N4": fault("drips for ever", f"{GATEWAY} {NO_ANSWER} {NO_QUESTION}", f"{EVERY} an_answer_that_is_none"),
    "N5": fault(
        "the connection is reset at any place of a request",
        f"{BROKEN} a_connection_that_breaks_once_something_may_have_left_is_unknown",
        f"{BROKEN} a_connection_that_breaks_before_it_is_safe_leaves_the_letter_here",
    ),
    "N6": fault(
        "an answer that is shorter than it says, or that only its end cuts short",
        f"{GATEWAY} {NO_ANSWER}",
        f"{BROKEN} a_connection_that_breaks_once_something_may_have_left_is_unknown",
    ),
    "N7": fault(
        "answers of ten megabytes, of a gigabyte, without an end",
        f"{GATEWAY} {NO_ANSWER} {NO_QUESTION}",
        f"{EVERY} an_answer_that_is_none",
        f"{BROKEN} an_answer_without_measure_costs_little_memory",
    ),
    "N8": fault(
        "packed answers, packed twice, packed as nobody asked for",
        f"{GATEWAY} {NO_ANSWER} {NO_QUESTION}",
        f"{BROKEN} an_answer_without_measure_costs_little_memory",
    ),
    "N9": fault(
        "sent elsewhere",
        f"{GATEWAY} nobody_is_followed_to_another_host",
        f"{EVERY} nobody_is_followed_to_another_host",
    ),
    "N10": fault(
        "a yes that is a page, empty, or no object; a good one under a wrong type",
        f"{ANSWERS} what_is_no_clear_yes_is_garbled a_yes_under_a_wrong_type_is_flagged",
        f"{EVERY} an_answer_that_is_none",
        "providers/test_sendpost.py a_yes_that_is_no_list_leaves_the_outcome_unknown",
    ),
    "N11": fault(
        "odd JSON",
        f"{EXCHANGE} odd_json_is_garbled_and_nothing_worse",
        f"{ANSWERS} the_documented_body_without_its_comma_is_survived",
        "providers/test_sendpost_answers.py nothing_that_is_no_json_makes_a_reader_fail_in_any_other_way",
        missing="of a member that stands twice in an answer the last one is taken",
    ),
    "N12": fault(
        "ids as numbers, texts, fractions, nothing",
        f"{ANSWERS} a_yes_to_a_send_is_read",
        "providers/test_turbosmtp_v2_answers.py an_id_is_text_and_never_a_rounded_number",
    ),
    "N13": fault(
        "every plain no",
        f"{EXCHANGE} every_status_has_its_error",
        f"{ANSWERS} a_wrong_password_is_one_under_every_status every_shape_of_a_no_is_read",
        "services/test_batches.py a_password_that_is_not_taken_pauses_it_and_loses_no_row",
    ),
    "N14": fault(
        "asked to slow down, for sensible and for odd times",
        f"{EXCHANGE} retry_after_is_read_by_the_servers_clock",
        f"{GATEWAY} a_slow_down_is_obeyed_where_it_is_short a_long_slow_down_is_for_the_user_to_decide",
        f"{EVERY} a_send_that_is_throttled_says_until_when_and_is_not_repeated",
        "services/test_sending.py a_busy_provider_is_asked_again_when_it_said_so",
    ),
    "N15": fault(
        "faults of the server",
        f"{EXCHANGE} every_status_has_its_error",
        f"{EVERY} an_answer_that_is_none a_read_waits_as_long_as_it_is_asked_to",
        "providers/test_fault_table.py operation_against_fault a_passing_fault_is_not_noticed",
    ),
    "N16": fault(
        "408, 409, 425",
        f"{EXCHANGE} every_status_has_its_error",
        "providers/test_fault_table.py operation_against_fault",
    ),
    "N17": fault(
        "a token dies while pages are read",
        f"{V1} a_token_that_dies_while_paging_is_renewed_once_and_no_row_is_lost a_second_401_ends_it",
        f"{TOKENS} a_token_that_dies_while_paging_is_renewed_once_and_no_row_is_lost",
        f"{TOKENS} two_that_ask_at_once_sign_in_once",
    ),
    "N18": fault("401 to everything", f"{V1} a_second_401_ends_it", f"{TOKENS} a_second_401_ends_it"),
    "N19": fault("an early no to a long letter", f"{GATEWAY} an_early_no_to_a_long_letter_is_heard"),
    "N20": fault("headers without measure or sense", f"{GATEWAY} {NO_ANSWER} {NO_QUESTION}"),
    "N21": fault(
        "clocks and zones that differ",
        f"{EXCHANGE} retry_after_is_read_by_the_servers_clock",
        "services/test_sending.py a_clock_set_forward_sends_nothing_early",
        "services/test_sending.py a_clock_set_back_waits_for_the_hour_that_was_chosen",
        "providers/test_turbosmtp_zones.py days_of_another_zone",
        missing="nobody is told that their clock differs from the server's",
    ),
    "N22": fault("proxies and key logs in the environment", f"{GATEWAY} the_environment_is_not_believed"),
    "N23": fault("a proxy that refuses", cannot="no proxy is ever used"),
    "N24": fault("a proxy's password", cannot="no proxy is ever used"),
    "N25": fault(
        "keys that no header can carry",
        f"{GATEWAY} a_header_that_would_break_out_is_stopped_without_showing_it",
        "providers/test_sendpost.py a_key_that_no_header_can_carry_goes_nowhere",
        "providers/test_turbosmtp_v2_sign_in.py a_key_that_no_header_can_carry_is_told_and_nothing_leaves",
    ),
    "N26": fault(
        "hosts without TLS, with a password, with a look-alike name",
        "providers/test_open_provider.py anything_else_is_not origins_are_taken",
        "gui/test_sign_in_dialog.py other_hosts_are_confirmed_first",
    ),
    "N27": fault(
        "outcomes by recipient: fewer, more, swapped, wrong",
        "providers/test_sendpost_sent.py entries_are_matched_by_address_not_by_place",
        "providers/test_sendpost_sent.py a_recipient_is_accepted_only_where_an_entry_says_so",
        "providers/test_sendpost.py an_answer_with_fewer_entries_says_of_whom_nothing_is_known",
        "services/test_outbox.py a_recipient_that_the_answer_forgets_is_unknown",
    ),
    "N28": fault(
        "a page of the hotel's in place of the provider",
        f"{EVERY} nobody_is_followed_to_another_host an_answer_that_is_none",
        "providers/test_open_provider.py anything_else_is_not",
    ),
    # Pages and reports
    "R1": fault("a page that repeats for ever", f"{PAGING} a_page_that_repeats_for_ever_ends_the_list"),
    "R2": fault(
        "rows come and go between two pages",
        f"{PAGING} rows_that_come_in_between_are_no_doubles rows_that_go_in_between_are_told",
        f"{PAGING} over_random_histories_it_is_everything_or_it_says_so",
        "gui/test_reports_tab.py a_list_that_moved_is_told",
    ),
    "R3": fault(
        "counts of anything",
        f"{PAGING} a_count_of_anything_allocates_nothing a_count_that_does_not_fit_is_told",
        f"{ANSWERS} a_count_that_makes_no_sense_is_not_known",
    ),
    "R4": fault(
        "one id, two contents",
        f"{WINDOWS} a_row_that_comes_twice_is_shown_once_and_told",
        missing="the row that came first is kept, not the newest",
    ),
    "R5": fault(
        "ids beyond 2^53",
        "providers/test_turbosmtp_v2_answers.py an_id_is_text_and_never_a_rounded_number",
        "providers/test_turbosmtp_v2_answers.py a_row_keeps_every_digit_and_every_text",
        f"{ANSWERS} statistics_are_read_with_all_digits_of_the_id",
    ),
    "R6": fault("another page size", f"{PAGING} another_page_size_than_the_documented_one_works"),
    "R7": fault(
        "unknown words, missing fields, odd times",
        "providers/test_turbosmtp_v2_answers.py an_unknown_status_is_kept_as_it_came",
        "providers/test_turbosmtp_v2_answers.py a_time_that_is_none_is_kept_as_it_came",
        "providers/test_sendpost_rows.py the_size_of_a_number_tells_its_unit",
        "gui/test_record_table.py sorting_is_stable_and_ignores_case",
    ),
    "R8": fault(
        "periods that are too long",
        f"{WINDOWS} windows_hold_every_day_once_newest_first_and_none_is_too_wide",
        "providers/test_sendpost_lists.py messages_of_a_long_time_are_asked_in_windows_and_pages",
    ),
    "R9": fault(
        "a row of a megabyte, turned round, with markup",
        "gui/test_record_table.py a_cell_of_a_million_signs_does_not_hold_up_the_window",
        "gui/test_record_table.py markup_in_a_cell_is_only_text",
        "cli/test_words.py what_steers_a_terminal_is_not_printed",
    ),
    "R10": fault(
        "cancelled in the middle",
        f"{PAGING} who_stops_reading_stops_the_asking",
        "gui/test_reports_tab.py rows_fill_in_while_pages_come_and_cancel_keeps_them_marked",
        missing="that it takes less than 200 ms is not measured",
    ),
    "R11": fault(
        "100,000 rows",
        "gui/test_record_table.py many_rows_are_sorted_while_the_window_lives",
        missing="memory is measured by the benchmarks, and held to no limit by a test",
    ),
    # SMTP relay
    "M1": fault("no greeting", f"{RELAY} a_no_before_the_letter_leaves_nothing_behind"),
    "M2": fault(
        "STARTTLS not offered, refused, stripped, with words put in behind it",
        f"{RELAY} starttls_is_never_gone_without what_is_put_in_behind_starttls_is_dropped",
        f"{RELAY} what_was_offered_in_clear_is_forgotten",
    ),
    "M3": fault("certificates that are no good", f"{RELAY} a_bad_certificate_sees_no_login"),
    "M4": fault(
        "the sign-in is refused, or offered in clear alone",
        f"{RELAY} a_no_before_the_letter_leaves_nothing_behind what_was_offered_in_clear_is_forgotten",
    ),
    "M5": fault(
        "senders and some recipients refused",
        f"{RELAY} a_no_before_the_letter_leaves_nothing_behind each_recipient_has_an_answer_of_its_own",
        f"{RELAY} a_no_for_good_to_the_whole_message_is_everybodys",
    ),
    "M6": fault("never asked for the letter", f"{RELAY} a_no_before_the_letter_leaves_nothing_behind"),
    "M7": fault(
        "anything behind the final dot: yes, no, late, silence, a drop",
        f"{RELAY} a_letter_that_left_ends_in_what_was_said a_late_yes_is_waited_for",
        f"{RELAY} the_waits_are_those_of_the_standard",
        f"{RELAY} a_drop_before_the_final_dot_means_that_nothing_was_taken",
    ),
    "M8": fault(
        "replies of ten thousand lines, without a number, of a megabyte",
        f"{RELAY} a_no_before_the_letter_leaves_nothing_behind a_letter_that_left_ends_in_what_was_said",
        f"{RELAY} words_of_a_server_come_as_one_clean_line",
    ),
    "M9": fault("a letter that is too large", f"{RELAY} a_mail_that_is_too_large_is_told_before_it_leaves"),
    "M10": fault(
        "no 8BITMIME, no SMTPUTF8",
        f"{RELAY} a_server_without_extensions_gets_a_plain_mail",
        f"{RELAY} an_address_beyond_ascii_needs_a_server_that_knows_it",
    ),
    "M11": fault("no goodbye", f"{RELAY} nobody_waits_for_a_goodbye"),
    "M12": fault(
        "421 in the middle",
        f"{RELAY} a_no_before_the_letter_leaves_nothing_behind",
        f"{RELAY} a_kept_connection_that_is_gone_is_replaced_before_the_mark",
    ),
    "M13": fault("a greeting that steers or is markup", f"{RELAY} words_of_a_server_come_as_one_clean_line"),
    # Disk, settings, ledger, key store, programs
    "D1": fault(
        "a folder that is read-only, missing, full",
        "reliability/test_disk_faults.py a_folder_that_may_not_be_written_by_this_user",
        "gui/test_undo_bar.py a_ledger_that_does_not_open_is_told_and_ends_nothing",
        "test_settings.py a_failed_write_leaves_the_old_file_and_no_litter",
    ),
    "D2": fault(
        "the disk is full or fails at any step of a send",
        "reliability/test_disk_errors.py a_disk_that_fails_anywhere_in_a_send",
        "reliability/test_disk_faults.py a_disk_that_fills_up_while_it_sends",
    ),
    "D3": fault(
        "a ledger that is empty, junk, damaged, another's, newer",
        "reliability/test_disk_faults.py a_damaged_ledger_is_set_aside_and_named_and_nothing_is_sent",
        "reliability/test_disk_faults.py a_ledger_of_a_newer_program_is_left_alone",
        "store/test_database.py what_is_no_database_of_ours_is_set_aside_and_told",
        missing="no daily copy is made, so none is put back: what is set aside is told",
    ),
    "D4": fault(
        "settings that are cut, huge, doubled, of wrong types, with paths for names",
        "test_settings.py a_broken_file_is_kept_and_the_last_good_one_used",
        "test_settings.py two_broken_files_begin_anew_and_say_so",
    ),
    "D5": fault(
        "two windows at once, a lock of the dead",
        "test_first_start.py a_second_start_hands_its_request_to_the_first_and_ends",
        "test_first_start.py a_window_that_was_killed_keeps_nobody_out",
        "test_first_start.py of_two_windows_started_at_once_one_stays",
        missing="a folder on a network share is not told apart",
    ),
    "D6": fault(
        "two programs and one row",
        "store/test_ledger.py of_many_who_claim_one_gets_it",
        "cli/test_outbox_words.py two_programs_at_once_never_send_the_same_row",
        "services/test_daily_cap.py two_programs_at_once_send_no_more_together_than_may",
    ),
    "D7": fault(
        "no key store, or one that keeps nothing or keeps it readable",
        f"{VAULT} a_backend_that_is_not_on_our_list_is_not_used without_a_keyring_secrets_stay_in_memory",
        f"{VAULT} the_list_holds_no_file_no_null_and_no_chain",
    ),
    "D8": fault(
        "a key store that is locked, or silent",
        f"{VAULT} a_bus_that_never_answers_counts_as_locked",
        "test_keyring_real.py a_locked_keyring_is_said_and_nothing_in_it_changes",
    ),
    "D9": fault(
        "another key store than before", f"{VAULT} another_keyring_than_before_is_named_and_not_asked"
    ),
    "D10": fault(
        "a secret that is too long for the key store",
        f"{VAULT} what_is_too_long_for_the_windows_vault_is_told_before_it_is_asked",
    ),
    "D11": fault(
        "a key store that gives back something else",
        f"{VAULT} a_keyring_that_gives_back_something_else_has_stored_nothing",
    ),
    "D12": fault(
        "an account is forgotten",
        "test_keyring_real.py forgetting_a_profile_removes_its_entries_from_the_keyring",
    ),
    # Sandbox
    "X1": fault("asked by a page of somebody else's", f"{SANDBOX} everybody_else_is_kept_out"),
    "X2": fault("asked from elsewhere", f"{SANDBOX} it_listens_on_loopback_only"),
    "X3": fault(
        "too much of anything",
        "sandbox/test_send.py a_body_over_the_cap_is_refused_early",
        "sandbox/test_smtp.py a_large_message_is_taken_and_a_too_large_one_is_not",
        "sandbox/test_smtp.py a_recipient_is_taken_once_and_at_most_a_thousand",
        "sandbox/test_smtp.py a_line_may_be_998_bytes_long one_connection_too_many_is_sent_away",
    ),
    "X4": fault("names that are paths", "sandbox/test_keeps_to_itself.py no_name_of_others_becomes_a_file"),
    "X5": fault(
        "a real secret is typed into it",
        "sandbox/test_keeps_to_itself.py a_secret_typed_by_mistake_is_nowhere_on_file",
    ),
    "X6": fault("taken for the real thing", "sandbox/test_keeps_to_itself.py nothing_is_relayed"),
}
