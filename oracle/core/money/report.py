"""The report of one payout period, as `RevenueDeclarations` takes it (contracts/src/interfaces/IRevenueDeclarations.sol)."""

from dataclasses import astuple, dataclass

from oracle.errors import SettlementError

SCHEMA_VERSION = 2
NO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class Report:
    """What is signed and declared; fields in the contract's order, amounts in base units of the payment token, energy in Wh.

    Attributes:
        schema_version: 2.
        period: index in the asset's schedule.
        revision: 0; one more for each report of the period that replaces another.
        signer_set_version: the set in force when the report is sent.
        log_generation: 1 as long as no log was lost.
        log_size: the anchored size; the inputs are the first that many entries.
        registry_index: the registry entry in force on the period's first day.
        settlement_root: root of the Merkle sum tree over the points.
        export_wh: energy delivered.
        import_wh: energy drawn.
        missing_meters: meters without a boundary reading.
        catch_up_hours: hours before the period whose energy arrived in it, for want of a reading at its start.
        gross: revenue before the waterfall.
        distributable: what the holders are to receive, at most `gross`.
        tariff_hash: SHA-256 of the terms.
        statement_hash: SHA-256 of the canonical statement.
        previous_hash: zero for revision 0.
    """

    schema_version: int
    period: int
    revision: int
    signer_set_version: int
    log_generation: int
    log_size: int
    registry_index: int
    settlement_root: bytes
    export_wh: int
    import_wh: int
    missing_meters: int
    catch_up_hours: int
    gross: int
    distributable: int
    tariff_hash: bytes
    statement_hash: bytes
    previous_hash: bytes

    def as_tuple(self) -> tuple[int | bytes, ...]:
        """The fields in the contract's order."""
        return astuple(self)


_BITS = {
    "period": 32,
    "log_size": 64,
    "registry_index": 32,
    "export_wh": 64,
    "import_wh": 64,
    "missing_meters": 32,
    "catch_up_hours": 32,
    "gross": 128,
    "distributable": 96,
}


def first_report(
    *,
    period: int,
    log_size: int,
    registry_index: int,
    settlement_root: bytes,
    export_wh: int,
    import_wh: int,
    missing_meters: int,
    catch_up_hours: int,
    gross: int,
    distributable: int,
    tariff_hash: bytes,
    statement_hash: bytes,
    signer_set_version: int = 1,
    log_generation: int = 1,
) -> Report:
    """The report of a settled period, revision 0.

    Raises:
        SettlementError: an amount that its field cannot hold, a hash of the wrong length, or more distributable than gross. The
            contract would refuse each of these; here the message says which number it was.
    """
    report = Report(
        schema_version=SCHEMA_VERSION,
        period=period,
        revision=0,
        signer_set_version=signer_set_version,
        log_generation=log_generation,
        log_size=log_size,
        registry_index=registry_index,
        settlement_root=settlement_root,
        export_wh=export_wh,
        import_wh=import_wh,
        missing_meters=missing_meters,
        catch_up_hours=catch_up_hours,
        gross=gross,
        distributable=distributable,
        tariff_hash=tariff_hash,
        statement_hash=statement_hash,
        previous_hash=NO_HASH,
    )
    for name, bits in _BITS.items():
        value = getattr(report, name)
        if not 0 <= value < 1 << bits:
            raise SettlementError(f"report of period {period}: {name} {value} does not fit {bits} bits")
    for name in ("settlement_root", "tariff_hash", "statement_hash"):
        if len(getattr(report, name)) != len(NO_HASH):
            raise SettlementError(
                f"report of period {period}: {name} has {len(getattr(report, name))} bytes, 32 expected"
            )
    if distributable > gross:
        raise SettlementError(f"report of period {period}: distributable {distributable} is above gross {gross}")
    return report
