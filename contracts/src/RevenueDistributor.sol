// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IHolderRegister} from "./interfaces/IHolderRegister.sol";
import {IInvestorGate} from "./interfaces/IInvestorGate.sol";
import {IRevenueDeclarations} from "./interfaces/IRevenueDeclarations.sol";
import {IRevenueDistributor} from "./interfaces/IRevenueDistributor.sol";

/// @title RevenueDistributor
/// @notice Funds, entitlements and payments of one asset; see {IRevenueDistributor}.
contract RevenueDistributor is IRevenueDistributor, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Tranche {
        uint192 perShareDayX96;
        uint32 period;
    }

    /// @dev `cursor`: tranches below it are in `creditX96` or paid. The credit can't overflow: all funds together stay
    /// below 2^128 base units, so any part of them stays below 2^224 in X96.
    struct Account {
        uint32 cursor;
        uint224 creditX96;
    }

    struct Totals {
        uint128 funded;
        uint128 paid;
    }

    uint256 public constant MAX_HOLDERS = 256;
    /// @notice Gas that a payment of `push` may use in the token. A proxied stablecoin needs about 60k for a new holder.
    uint256 public constant PAY_GAS = 200_000;
    /// @notice Gas that `push` keeps for its own bookkeeping around one payment.
    uint256 public constant PUSH_RESERVE = 60_000;

    IRevenueDeclarations public immutable declarations;
    IHolderRegister public immutable register;
    IInvestorGate public immutable gate;
    IERC20 public immutable paymentToken;
    /// @dev The schedule of the declarations is immutable, so its two numbers are kept here instead of asked for.
    uint32 private immutable _firstDay;
    uint32 private immutable _daysPerPeriod;

    Tranche[] private _tranches;
    mapping(address holder => Account) private _accounts;
    mapping(uint32 period => uint256) private _funded;
    Totals private _totals;
    /// @inheritdoc IRevenueDistributor
    uint256 public carryX96;

    /// @param authority The AccessManager of the asset.
    constructor(
        IRevenueDeclarations declarations_,
        IHolderRegister register_,
        IInvestorGate gate_,
        IERC20 paymentToken_,
        address authority
    ) AccessManaged(authority) {
        // A payment to an address without code "succeeds" and pays nobody.
        if (address(paymentToken_).code.length == 0) revert NoContract(address(paymentToken_));
        if (address(gate_).code.length == 0) revert NoContract(address(gate_));
        int32 declarationsOffset = declarations_.utcOffset();
        int32 registerOffset = register_.utcOffset();
        if (declarationsOffset != registerOffset) revert UtcOffsetMismatch(declarationsOffset, registerOffset);
        declarations = declarations_;
        register = register_;
        gate = gate_;
        paymentToken = paymentToken_;
        _firstDay = declarations_.firstDay();
        _daysPerPeriod = declarations_.daysPerPeriod();
    }

    /// @inheritdoc IRevenueDistributor
    function fund(uint32 period, uint256 amount) external restricted nonReentrant {
        _requireFundable(period, amount);
        uint32 fromDay = _firstDayOf(period);
        uint256 shareDays = register.totalShareDays(fromDay, fromDay + _daysPerPeriod);
        if (shareDays == 0) revert NoShareDays(period);

        // The one transfer that comes before the effects: what arrives is only known afterwards.
        uint256 received = _receive(amount);

        uint256 total = uint256(_totals.funded) + received;
        if (total > type(uint128).max) revert TotalTooLarge(total, type(uint128).max);
        // carryX96 < 2^128, received < 2^128: the sum stays far below 2^256.
        uint256 x = (received << 96) + carryX96;
        uint256 perShareDayX96 = x / shareDays;
        if (perShareDayX96 > type(uint192).max) revert PerShareDayTooLarge(perShareDayX96, type(uint192).max);

        carryX96 = x % shareDays;
        _totals.funded = uint128(total);
        _funded[period] += received;
        uint32 index = trancheCount();
        _tranches.push(Tranche(uint192(perShareDayX96), period));
        emit Funded(index, period, received, uint192(perShareDayX96));
    }

    /// @inheritdoc IRevenueDistributor
    function claim(uint32 upTo) external nonReentrant returns (uint256 amount) {
        if (!gate.isAllowed(msg.sender)) revert HolderNotAllowed(msg.sender);
        Account memory account = _accrued(msg.sender, upTo);
        amount = account.creditX96 >> 96;
        _settle(msg.sender, account, amount);
        if (amount == 0) return 0;
        emit Paid(msg.sender, amount, account.cursor);
        paymentToken.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IRevenueDistributor
    function push(address[] calldata holders, uint32 upTo) external nonReentrant returns (uint256 done) {
        if (holders.length > MAX_HOLDERS) revert TooManyHolders(holders.length, MAX_HOLDERS);
        // A call may pass on at most 63/64 of the gas that is left (EIP-150).
        uint256 least = PUSH_RESERVE + PAY_GAS * 64 / 63;
        for (; done < holders.length; ++done) {
            address holder = holders[done];
            Account memory account = _accrued(holder, upTo);
            bool allowed = gate.isAllowed(holder);
            if (gasleft() < least) {
                if (done == 0) revert GasTooLow(gasleft(), least);
                emit PushStopped(done, holders.length);
                return done;
            }
            _pushTo(holder, account, allowed);
        }
    }

    /// @inheritdoc IRevenueDistributor
    function owed(address holder, uint32 upTo) external view returns (uint256) {
        return _accrued(holder, upTo).creditX96 >> 96;
    }

    /// @inheritdoc IRevenueDistributor
    function owedX96(address holder, uint32 upTo) external view returns (uint256) {
        return _accrued(holder, upTo).creditX96;
    }

    /// @inheritdoc IRevenueDistributor
    function trancheCount() public view returns (uint32) {
        // A tranche brings 1 % of a period, or completes it: some hundred a period at most.
        return uint32(_tranches.length);
    }

    /// @inheritdoc IRevenueDistributor
    function tranche(uint32 index) external view returns (uint32 period, uint192 perShareDayX96) {
        if (index >= trancheCount()) revert TrancheUnknown(index, trancheCount());
        Tranche memory found = _tranches[index];
        return (found.period, found.perShareDayX96);
    }

    /// @inheritdoc IRevenueDistributor
    function cursorOf(address holder) external view returns (uint32 settled) {
        return _accounts[holder].cursor;
    }

    /// @inheritdoc IRevenueDistributor
    function coverage(uint32 period) public view returns (uint256 declared, uint256 funded) {
        return (declarations.distributableOf(period), _funded[period]);
    }

    /// @inheritdoc IRevenueDistributor
    function fundable(uint32 period) public view returns (uint256) {
        if (declarations.status(period) != IRevenueDeclarations.Status.Final) return 0;
        (uint256 declared, uint256 funded) = coverage(period);
        return declared - funded;
    }

    /// @inheritdoc IRevenueDistributor
    function arrears() external view returns (uint256) {
        return declarations.totalDistributable() - _totals.funded;
    }

    /// @inheritdoc IRevenueDistributor
    function totalPaid() external view returns (uint256) {
        return _totals.paid;
    }

    /// @inheritdoc IRevenueDistributor
    function totalFunded() external view returns (uint256) {
        return _totals.funded;
    }

    function _requireFundable(uint32 period, uint256 amount) private view {
        IRevenueDeclarations.Status status = declarations.status(period);
        if (status != IRevenueDeclarations.Status.Final) revert PeriodNotFinal(period, uint8(status));
        if (amount == 0) revert FundingZero(period);
        (uint256 declared, uint256 funded) = coverage(period);
        uint256 room = declared - funded;
        if (amount > room) revert FundingAboveDistributable(period, amount, room);
        uint256 least = (declared + 99) / 100;
        if (amount < least && amount != room) revert FundingBelowMinimum(period, amount, least);
    }

    /// @dev Takes `amount` from the caller and returns what arrived.
    function _receive(uint256 amount) private returns (uint256 received) {
        uint256 before = paymentToken.balanceOf(address(this));
        paymentToken.safeTransferFrom(msg.sender, address(this), amount);
        received = paymentToken.balanceOf(address(this)) - before;
        if (received > amount) revert ReceivedTooMuch(received, amount);
    }

    /// @dev The account of `holder` as it is once the tranches below `upTo` are reckoned in. A pure reading: the caller
    /// stores the result or forgets it.
    function _accrued(address holder, uint32 upTo) private view returns (Account memory account) {
        uint32 count = trancheCount();
        if (upTo > count) revert UpToTooLarge(upTo, count);
        account = _accounts[holder];
        if (account.cursor >= upTo) return account;
        uint256 creditX96 = account.creditX96;
        uint256 shareDays = 0;
        uint32 reckoned = type(uint32).max; // the period that `shareDays` belongs to; no period is that late
        for (uint32 i = account.cursor; i < upTo; ++i) {
            Tranche memory paying = _tranches[i];
            // Tranches of one period mostly follow one another.
            if (paying.period != reckoned) {
                reckoned = paying.period;
                uint32 fromDay = _firstDayOf(reckoned);
                shareDays = register.shareDays(holder, fromDay, fromDay + _daysPerPeriod);
            }
            creditX96 += paying.perShareDayX96 * shareDays;
        }
        account.cursor = upTo;
        account.creditX96 = uint224(creditX96);
    }

    /// @dev The first settlement day of a declared period. The declarations refused any period whose days don't fit, so
    /// the cast doesn't cut.
    function _firstDayOf(uint32 period) private view returns (uint32) {
        return uint32(_firstDay + uint256(period) * _daysPerPeriod);
    }

    /// @dev Stores `account` less the payment of `amount` base units.
    function _settle(address holder, Account memory account, uint256 amount) private {
        _accounts[holder] = Account(account.cursor, account.creditX96 - uint224(amount << 96));
        if (amount != 0) _totals.paid += uint128(amount);
    }

    /// @dev Settles one holder of a push: paid, or kept as credit with an event that says why.
    function _pushTo(address holder, Account memory account, bool allowed) private {
        uint256 amount = account.creditX96 >> 96;
        if (amount == 0 || !allowed) {
            _settle(holder, account, 0);
            if (amount != 0) emit PayHeld(holder, amount, account.cursor);
            return;
        }
        _settle(holder, account, amount);
        if (_tryPay(holder, amount)) {
            emit Paid(holder, amount, account.cursor);
        } else {
            _accounts[holder] = account;
            _totals.paid -= uint128(amount);
            emit PayFailed(holder, amount, account.cursor);
        }
    }

    /// @dev Like SafeERC20, but with a gas limit, and without copying what a hostile receiver may return.
    function _tryPay(address to, uint256 amount) private returns (bool paid) {
        address token = address(paymentToken);
        bytes memory data = abi.encodeCall(IERC20.transfer, (to, amount));
        assembly ("memory-safe") {
            let success := call(PAY_GAS, token, 0, add(data, 32), mload(data), 0, 32)
            // A token that answers nothing (USDT) has paid; one that answers must answer true.
            let answer := or(iszero(returndatasize()), and(gt(returndatasize(), 31), eq(mload(0), 1)))
            paid := and(success, answer)
        }
    }
}
