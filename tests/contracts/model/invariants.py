"""What always holds, each as a sentence: the same sentences as in contracts/test/invariants/.

A sentence is a function of the asset as it is, and as it was when somebody looked before. It returns or raises Broken.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.contracts.model.asset import Asset
from tests.contracts.model.report import Declared, Status
from tests.contracts.model.roles import Address
from tests.contracts.model.tranches import X96


class Broken(AssertionError):
    """A sentence that isn't true."""


@dataclass(frozen=True)
class Before:
    """What a look at the asset found.

    Attributes:
        past_balances: (day, holder) -> shares, for days that were over.
        newest: Period -> its newest report.
        final: Periods that were Final.
        logs: The leaves of every generation.
        owed_x96: Holder -> base units times 2^96, from all tranches.
        counts: How many tranches, inheritances and payments there were.
    """

    past_balances: Mapping[tuple[int, Address], int]
    newest: Mapping[int, Declared]
    final: frozenset[int]
    logs: tuple[tuple[bytes, ...], ...]
    owed_x96: Mapping[Address, int]
    counts: tuple[int, int, int]


def look(asset: Asset) -> Before:
    """The asset as it is, to be compared with later."""
    register, declarations, books = asset.share.register, asset.declarations, asset.distributor.books
    days = range(declarations.terms.first_day, asset.clock.today)
    return Before(
        past_balances={(day, who): register.balance_at(who, day) for day in days for who in register.holders()},
        newest={period: reports[-1] for period, reports in declarations.history.items()},
        final=frozenset(period for period in declarations.history if declarations.status(period) is Status.FINAL),
        logs=tuple(declarations.generations),
        owed_x96={who: _owed_x96(asset, who) for who in _creditors(asset)},
        counts=(len(books.tranches), len(books.inheritances), len(books.payments)),
    )


def the_distributor_holds_what_it_owes(asset: Asset, _before: Before) -> None:
    """What is owed is covered by what is there, and that is what came less what left."""
    books, held = asset.distributor.books, asset.token.balance_of(asset.distributor.address)
    _require(sum(_owed_x96(asset, who) for who in _creditors(asset)) <= held * X96)
    _require(books.funded() - books.paid() == held)


def what_was_funded_is_owed_paid_or_carried(asset: Asset, _before: Before) -> None:
    """To the last fraction."""
    books = asset.distributor.books
    owed_x96 = sum(_owed_x96(asset, who) for who in _creditors(asset))
    _require(owed_x96 + books.paid() * X96 + books.carry_x96 == books.funded() * X96)


def every_holder_has_been_paid_or_is_owed_what_the_books_say(asset: Asset, _before: Before) -> None:
    """Reckoned anew from the register as it is now, tranche by tranche."""
    books, terms = asset.distributor.books, asset.declarations.terms
    for who in _creditors(asset):
        earned = sum(
            tranche.per_share_day_x96 * asset.share.register.share_days(who, *terms.days_of(tranche.period))
            for tranche in books.tranches
        )
        inherited = sum(passed.amount_x96 for passed in books.inheritances if passed.heir == who)
        handed_on = sum(passed.amount_x96 for passed in books.inheritances if passed.lost == who)
        paid = sum(payment.amount for payment in books.payments if payment.holder == who)
        _require(earned + inherited - handed_on == paid * X96 + _owed_x96(asset, who))


def funding_never_exceeds_what_a_final_report_allows(asset: Asset, _before: Before) -> None:
    """And there is none without one."""
    for tranche in asset.distributor.books.tranches:
        declared, funded = asset.distributor.coverage(tranche.period)
        _require(funded <= declared)


def the_balances_of_past_days_never_change(asset: Asset, before: Before) -> None:
    """Not even by force."""
    for (day, who), shares in before.past_balances.items():
        _require(asset.share.register.balance_at(who, day) == shares)


def share_days_add_up_over_splits_and_over_holders(asset: Asset, _before: Before) -> None:
    """However a span is cut, and whoever is asked about."""
    register = asset.share.register
    first, end = asset.declarations.terms.first_day, asset.clock.today
    total = 0
    for who in register.holders():
        whole = register.share_days(who, first, end)
        cuts = range(first, end, 5)
        _require(whole == sum(register.share_days(who, cut, min(cut + 5, end)) for cut in cuts))
        total += whole
    _require(register.total_share_days(first, end) == total)


def a_final_report_never_changes(asset: Asset, before: Before) -> None:
    """Nor is it ever less than Final again."""
    for period in before.final:
        _require(asset.declarations.status(period) is Status.FINAL)
        _require(asset.declarations.newest(period) == before.newest[period])


def the_anchored_log_only_grows(asset: Asset, before: Before) -> None:
    """Every log goes on from what it was; a lost one stays readable, and another one begins."""
    logs = asset.declarations.generations
    _require(len(before.logs) <= len(logs))
    for old, new in zip(before.logs, logs, strict=False):
        _require(new[: len(old)] == old)
    for log, sizes in zip(logs, asset.declarations.sizes, strict=True):
        _require(sizes == sorted(set(sizes)) and all(size <= len(log) for size in sizes))


def push_never_changes_who_is_owed_what(asset: Asset, before: Before) -> None:
    """Nor does a claim, or anything else but money that comes and a wallet that is lost: owed and paid stay the same."""
    books = asset.distributor.books
    if (len(books.tranches), len(books.inheritances)) != before.counts[:2]:
        return
    for who, owed_x96 in before.owed_x96.items():
        paid = sum(payment.amount for payment in books.payments[before.counts[2] :] if payment.holder == who)
        _require(_owed_x96(asset, who) + paid * X96 == owed_x96)


def nothing_lowers_what_is_owed_but_a_payment_or_a_redirect(asset: Asset, before: Before) -> None:
    """What is missing from what was owed has been paid, or has been credited to the heir."""
    books = asset.distributor.books
    _, inherited, paid = before.counts
    for who, owed_x96 in before.owed_x96.items():
        left = sum(payment.amount for payment in books.payments[paid:] if payment.holder == who) * X96
        left += sum(passed.amount_x96 for passed in books.inheritances[inherited:] if passed.lost == who)
        _require(_owed_x96(asset, who) + left >= owed_x96)


def the_order_and_grouping_of_claims_is_irrelevant(asset: Asset, _before: Before) -> None:
    """Tranche after tranche, a claim would bring just that tranche, so that the sum is the same in any order."""
    distributor = asset.distributor
    for who in _creditors(asset):
        for index in range(distributor.books.settled_below(who), len(distributor.books.tranches)):
            step = distributor.owed_x96(who, index + 1) - distributor.owed_x96(who, index)
            _require(step == distributor.books.tranches[index].credits_x96.get(who, 0))


def every_final_report_was_signed_by_a_quorum_of_one_signer_set(asset: Asset, _before: Before) -> None:
    """By as many different members of the set that it names as that set asks for."""
    declarations = asset.declarations
    for period, reports in declarations.history.items():
        if declarations.status(period) is Status.FINAL:
            newest = reports[-1]
            (named,) = [one for one in declarations.sets if one.version == newest.report.signer_set_version]
            _require(len(set(newest.signers) & set(named.signers)) >= named.threshold > len(named.signers) // 2)


def revisions_and_deadlines_only_rise(asset: Asset, before: Before) -> None:
    """Each report names the one before it, and has at least its time; no deadline moves but by a dispute."""
    for period, reports in asset.declarations.history.items():
        previous, window = bytes(32), 0
        for revision, declared in enumerate(reports):
            _require((declared.report.revision, declared.report.previous_hash) == (revision, previous))
            _require(declared.disputed or declared.deadline >= window)
            previous, window = declared.report.hash(), declared.deadline if not declared.disputed else window
        was, now = before.newest.get(period), reports[-1]
        if was is not None and (was.report, was.disputed) == (now.report, now.disputed):
            _require(was.deadline == now.deadline)


Sentence = Callable[[Asset, Before], None]
INVARIANTS: tuple[Sentence, ...] = (
    the_distributor_holds_what_it_owes,
    what_was_funded_is_owed_paid_or_carried,
    every_holder_has_been_paid_or_is_owed_what_the_books_say,
    funding_never_exceeds_what_a_final_report_allows,
    the_balances_of_past_days_never_change,
    share_days_add_up_over_splits_and_over_holders,
    a_final_report_never_changes,
    the_anchored_log_only_grows,
    push_never_changes_who_is_owed_what,
    nothing_lowers_what_is_owed_but_a_payment_or_a_redirect,
    the_order_and_grouping_of_claims_is_irrelevant,
    every_final_report_was_signed_by_a_quorum_of_one_signer_set,
    revisions_and_deadlines_only_rise,
)


def check(asset: Asset, before: Before) -> Before:
    """All sentences; returns what was seen, for the next time.

    Raises:
        Broken: One of them isn't true.
    """
    for sentence in INVARIANTS:
        try:
            sentence(asset, before)
        except Broken as broken:
            raise Broken(sentence.__name__.replace("_", " ")) from broken
    return look(asset)


def _creditors(asset: Asset) -> set[Address]:
    """Everybody who may be owed anything."""
    heirs = {passed.heir for passed in asset.distributor.books.inheritances}
    return {*asset.share.register.holders(), *heirs}


def _owed_x96(asset: Asset, who: Address) -> int:
    return asset.distributor.owed_x96(who, len(asset.distributor.books.tranches))


def _require(holds: bool) -> None:
    if not holds:
        raise Broken
