// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGateWatch} from "./IGateWatch.sol";
import {IOperators} from "./IOperators.sol";
import {IRecipients} from "./IRecipients.sol";
import {IRedirects} from "./IRedirects.sol";

/// @title Money that came in, and whose it is
/// @notice The asset's owner funds Final reports in *tranches*; every tranche is fully there before anybody is owed a unit
/// of it, so no claim can fail for lack of money and late money never dilutes those who claimed early. A tranche pays by
/// share-days: whoever held a share at the end of a day of the period earns that day's part.
///
/// Amounts per share-day are kept in *X96*: base units times 2^96. What the division leaves over is carried into the next
/// tranche, and what a payment leaves over stays with the holder, so not a fraction is lost whatever the order, the
/// grouping or the moment of the claims:
///
///     sum of what was funded * 2^96 = sum of everybody's owed and paid * 2^96 + carry
///
/// *Owed* and *payable* are different questions. Owed follows from the holder register alone; gate, freeze and payment
/// token only decide whether it can be paid now. What can't be paid stays credit. Only two things lower what a holder is
/// owed: a payment, and a redirect, which raises what the heir is owed by exactly as much.
///
/// There is no way to take the payment token out but to be paid. A pause stops funding and the execution of redirects,
/// never a claim or a push.
///
/// Of the payment token this contract asks that a balance changes by transfers alone. It may return nothing (USDT), keep
/// a fee (what arrives is what is distributed, and holders bear the fee of their own payment), refuse receivers, pause,
/// call receivers back or eat gas: each of these costs at most the payment concerned a delay.
interface IRevenueDistributor is IRecipients, IGateWatch, IRedirects, IOperators {
    /// @notice Tranche `tranche` brings `received` base units for `period`.
    event Funded(uint32 indexed tranche, uint32 indexed period, uint256 received, uint192 perShareDayX96);
    /// @notice `holder` was paid `amount` base units at `to`; the tranches below `upTo` are settled for this holder.
    event Paid(address indexed holder, address indexed to, uint256 amount, uint32 upTo);
    /// @notice The payment token pays, but not to `holder`; `amount` stays credit.
    event PayFailed(address indexed holder, uint256 amount, uint32 upTo);
    /// @notice A freeze or the gate holds the payment of `holder` back; `amount` stays credit.
    event PayHeld(address indexed holder, uint256 amount, uint32 upTo);
    /// @notice A push ran short of gas after `done` of `asked` holders; the rest is untouched.
    event PushStopped(uint256 done, uint256 asked);
    /// @notice The payment token itself doesn't pay; after `done` of `asked` holders a push left the rest untouched.
    event PushHalted(uint256 done, uint256 asked);

    /// @notice The period's report is not Final.
    error PeriodNotFinal(uint32 period, uint8 status);
    /// @notice Nothing to fund with.
    error FundingZero(uint32 period);
    /// @notice More than the report still lets be distributed.
    error FundingAboveDistributable(uint32 period, uint256 received, uint256 room);
    /// @notice A tranche brings at least 1 % of the distributable amount, or all that is missing: each one costs every
    /// holder gas.
    error FundingBelowMinimum(uint32 period, uint256 received, uint256 least);
    /// @notice The token delivered more than it was asked to.
    error ReceivedTooMuch(uint256 received, uint256 amount);
    /// @notice Nobody who earns held a share in the period: the money would belong to no one.
    error NoShareDays(uint32 period);
    /// @notice The funds of all tranches together do not fit their slot.
    error TotalTooLarge(uint256 total, uint256 most);
    /// @notice There are only `count` tranches.
    error UpToTooLarge(uint32 upTo, uint32 count);
    /// @notice There is no tranche `index`; there are `count`.
    error TrancheUnknown(uint32 index, uint32 count);
    /// @notice The register and the declarations cut their days at different moments.
    error UtcOffsetMismatch(int32 declarations, int32 register);
    /// @notice The token can't move nothing from the distributor to itself: there is no token, it is paused, or it
    /// refuses transfers of nothing, without which a failure of the token can't be told from one of a receiver.
    error PaymentTokenRefused(address token);

    /// @notice Brings `amount` base units for a period. Restricted: the treasury role, which has approved the amount.
    /// @dev What counts is what arrives, so with a token that keeps a fee it is that, not `amount`, which must lie within
    /// the bounds.
    function fund(uint32 period, uint256 amount) external;

    /// @notice Pays the caller everything owed from the tranches below `upTo`. If the caller is a lost wallet, its heir is
    /// credited instead.
    /// @param upTo At most `trancheCount()`; a lower number settles a part and bounds the gas.
    /// @return amount Base units paid. Claiming often or seldom gives the same sum.
    function claim(uint32 upTo) external returns (uint256 amount);

    /// @notice The same for `holder`, by itself or one of its operators. The money goes where the holder's own claim would
    /// send it.
    function claimFor(address holder, uint32 upTo) external returns (uint256 amount);

    /// @notice Pays others what they are owed. Anybody may, since the money can only go where it belongs.
    /// @dev Stops before a holder for whom the gas might not do, so a starved call can't turn a payment into a failure.
    /// An estimate of the gas finds the least that does not revert, which is enough for one holder only. The caller sets
    /// the gas instead: `PUSH_LEAST` once, which is mostly given back, and the cost of a payment for each holder.
    /// After a failed payment the token is tried with a transfer of nothing to this contract. If that fails too, the token
    /// is down, and the push ends without touching that holder or the next.
    /// @param holders At most 256.
    /// @return done How many of `holders` were dealt with.
    function push(address[] calldata holders, uint32 upTo) external returns (uint256 done);

    /// @notice Base units that `holder` is owed from the tranches below `upTo` and was not paid yet. For a lost wallet:
    /// the part that was not yet handed to the heir.
    function owed(address holder, uint32 upTo) external view returns (uint256);

    /// @notice The same with its fraction, times 2^96.
    function owedX96(address holder, uint32 upTo) external view returns (uint256);

    /// @notice How many tranches there are.
    function trancheCount() external view returns (uint32);

    /// @notice The period of a tranche, and its amount per share-day times 2^96.
    function tranche(uint32 index) external view returns (uint32 period, uint192 perShareDayX96);

    /// @notice The tranches below `settled` are settled for `holder`.
    function cursorOf(address holder) external view returns (uint32 settled);

    /// @notice Declared and funded of `period`, side by side, in base units.
    function coverage(uint32 period) external view returns (uint256 declared, uint256 funded);

    /// @notice What may still be funded for `period`; 0 unless its report is Final.
    function fundable(uint32 period) external view returns (uint256);

    /// @notice What the Final reports of the periods [fromPeriod, toPeriod) let be distributed and nobody has funded yet.
    function arrears(uint32 fromPeriod, uint32 toPeriod) external view returns (uint256);

    /// @notice What the divisions left over so far, times 2^96; it joins the next tranche.
    function carryX96() external view returns (uint256);

    /// @notice Base units paid out so far. A push adds what it paid when it ends.
    function totalPaid() external view returns (uint256);

    /// @notice Base units received so far.
    function totalFunded() external view returns (uint256);
}
