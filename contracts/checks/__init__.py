"""Every duty of clients that is checked, by name, in the order of reports."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.checks import (
    adds_nothing,
    asks_for_async_delivery,
    backs_off,
    delivers_what_was_made,
    fails_each_task_alone,
    gives_up,
    keeps_its_key_to_itself,
    keeps_results_beside_errors,
    leaves_time_between_polls,
    names_tasks_afresh,
    polls_its_own_task,
    reports_each_result_once,
    reports_every_result,
    reports_failure,
    reports_only_its_results,
    reports_the_code,
    reports_the_message,
    reports_values_untouched,
    sends_json_lists,
    sends_valid_tasks,
    sends_values_untouched,
    sends_what_was_asked,
    shows_its_key,
    stops_when_done,
    submits_once,
    survives_broken_answers,
    survives_refusals_for_now,
    takes_a_conflict_for_a_yes,
    tries_nothing_hopeless,
    waits_as_told,
    waits_for_no_other,
    waits_long_enough,
)
from contracts.checks.base import Check

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        check.name: check
        for check in (
            sends_json_lists.CHECK,
            shows_its_key.CHECK,
            keeps_its_key_to_itself.CHECK,
            sends_what_was_asked.CHECK,
            sends_values_untouched.CHECK,
            adds_nothing.CHECK,
            sends_valid_tasks.CHECK,
            names_tasks_afresh.CHECK,
            asks_for_async_delivery.CHECK,
            submits_once.CHECK,
            polls_its_own_task.CHECK,
            leaves_time_between_polls.CHECK,
            backs_off.CHECK,
            stops_when_done.CHECK,
            gives_up.CHECK,
            waits_long_enough.CHECK,
            survives_refusals_for_now.CHECK,
            survives_broken_answers.CHECK,
            takes_a_conflict_for_a_yes.CHECK,
            tries_nothing_hopeless.CHECK,
            waits_as_told.CHECK,
            waits_for_no_other.CHECK,
            delivers_what_was_made.CHECK,
            reports_every_result.CHECK,
            keeps_results_beside_errors.CHECK,
            reports_each_result_once.CHECK,
            reports_only_its_results.CHECK,
            reports_values_untouched.CHECK,
            fails_each_task_alone.CHECK,
            reports_failure.CHECK,
            reports_the_code.CHECK,
            reports_the_message.CHECK,
        )
    }
)
