"""Whatever an account can do has a word where people read what their keys are worth."""

from __future__ import annotations

from turbodesk.gui.account_cards import MAY
from turbodesk.gui.unlocked_list import OPENS, opened
from turbodesk.providers.port import Capability
from turbodesk.providers.sendpost_keys import ACCOUNT
from turbodesk.providers.turbosmtp_v2_worth import LISTS

COMES_ALONG = {  # with one that has a word
    Capability.SUB_ACCOUNT,
    Capability.SUB_ACCOUNT_PLANS,
    Capability.ENTER_SUB_ACCOUNTS,
    Capability.REPORTS_CSV,
    Capability.STATS_CSV,
    Capability.LAST_STATS,
    Capability.SUPPRESSIONS_CSV,
    Capability.FILTERED_DELETE,
    Capability.SUPPRESSION_REASONS,
}
PART_OF_ANOTHER = {Capability.DELETE_REPORTS, Capability.INLINE_IMAGES, Capability.LOOK_UP}


def test_each_has_a_word_or_comes_along_with_one_that_has() -> None:
    assert set(MAY) == set(Capability) - COMES_ALONG
    assert set(OPENS) == set(Capability) - COMES_ALONG - PART_OF_ANOTHER
    for table in (MAY, OPENS):
        assert len(set(table.values())) == len(table) and all(table.values())


def test_a_key_is_told_with_what_it_changes_as_well() -> None:
    said = opened([capability.value for capability in LISTS])
    words = ("validation of addresses", "usage alerts", "limiting and suspending sub-accounts")
    assert all(word in said for word in words)
    said = opened([capability.value for capability in ACCOUNT.unlocks])
    assert all(word in said for word in ("webhooks", "making and renaming sub-accounts"))
    assert "suspending" not in said
