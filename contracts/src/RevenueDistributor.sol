// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ExpiringPause} from "./base/ExpiringPause.sol";
import {Governed} from "./base/Governed.sol";
import {Coverage} from "./distributor/Coverage.sol";
import {GateWatch} from "./distributor/GateWatch.sol";
import {Operators} from "./distributor/Operators.sol";
import {PaymentToken} from "./distributor/PaymentToken.sol";
import {Recipients} from "./distributor/Recipients.sol";
import {Redirects} from "./distributor/Redirects.sol";
import {IHolderRegister} from "./interfaces/IHolderRegister.sol";
import {IInvestorGate} from "./interfaces/IInvestorGate.sol";
import {IRevenueDeclarations} from "./interfaces/IRevenueDeclarations.sol";
import {IRevenueDistributor} from "./interfaces/IRevenueDistributor.sol";

/// @title RevenueDistributor
/// @notice Funds, entitlements and payments of one asset; see {IRevenueDistributor}.
/// @dev Reading order, one step a line: the file under `src/` and its functions, in the order in which they run. What a
/// function means to its caller, and its errors, stand in `interfaces/`. Begin with `interfaces/IRevenueDistributor.sol`:
/// its head explains X96, tranche, owed and payable.
///
/// An amount is funded:
///   1. RevenueDistributor.sol `fund`: the whole of it; the next steps are its calls
///   2. base/Governed.sol `_checkCanCall`: the caller has the treasury role
///   3. base/ExpiringPause.sol `whenNotPaused`: no pause is on
///   4. RevenueDistributor.sol `_receive`, `coverage`: what arrived, and what the period may still take
///   5. distributor/Coverage.sol `_fundedOf`: how much of the period is funded already
///   6. RevenueDistributor.sol `_requireFundable`, `_firstDayOf`: the limits of a tranche, and the days of the period
///   7. base/HolderRegister.sol `totalShareDays`: what the amount is divided by
///   8. distributor/Coverage.sol `_setFunded`: the period has that much more
///
/// An amount is claimed:
///   1. RevenueDistributor.sol `claim`, `claimFor`: the holder, or the holder's operator
///   2. distributor/Operators.sol `_requireOperator`: only for `claimFor`
///   3. RevenueDistributor.sol `_claim`, `_requireTranches`: the whole of it; the next steps are its calls
///   4. RevenueDistributor.sol `_accrued`: adds the tranches from the holder's cursor on to the holder's credit
///   5. distributor/Accounts.sol `_account`, `_unpack`: cursor, credit and flags of the holder, from one slot
///   6. base/HolderRegister.sol `shareDays`: what a tranche is multiplied by
///   7. distributor/Redirects.sol `_isLost`, `_passOn`: the credit of a lost wallet goes to the heir, and nothing is paid
///   8. distributor/Recipients.sol `_requirePayable`, `_route`, `_obstacleOf`: the address to pay, or the revert
///   9. distributor/GateWatch.sol `_verdict`, `_ask`: the gate's answer, for the holder and for the address to pay
///   10. RevenueDistributor.sol `_storePaid`: the account less the payment, stored before the token is called
///   11. distributor/Accounts.sol `_store`: the slot is written; the transfer after that is OpenZeppelin's `safeTransfer`
///
/// An amount is pushed:
///   1. RevenueDistributor.sol `push`, `_pushAll`: one holder after another, while the gas lasts
///   2. RevenueDistributor.sol `_accrued`: steps 4 to 6 of a claim
///   3. RevenueDistributor.sol `_pushTo`: the whole of one holder; the next steps are its calls
///   4. distributor/Redirects.sol `_isLost`, `_passOn`: as in a claim
///   5. distributor/Recipients.sol `_route`: as in a claim, but an obstacle keeps the credit and does not revert
///   6. RevenueDistributor.sol `_storePaid`: stored before the token is called; `_pushTo` undoes it where the payment fails
///   7. distributor/PaymentToken.sol `tryTransfer`: a transfer with bounded gas that does not revert
///   8. distributor/PaymentToken.sol `isAlive`: a token that pays nobody ends the push; one that pays others leaves credit
contract RevenueDistributor is IRevenueDistributor, Coverage, Redirects, Recipients, Operators {
    using PaymentToken for IERC20;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev `carryX96`: what the divisions left over. `funded`: base units received so far.
    struct Funds {
        uint128 carryX96;
        uint96 funded;
        uint32 trancheCount;
    }

    struct Tranche {
        uint192 perShareDayX96;
        uint32 period;
    }

    /// @notice Gas that a payment of `push` may use in the token.
    uint256 public constant PAY_GAS = PaymentToken.PAY_GAS;
    /// @notice Gas that must be left before `push` turns to a holder: two answers of the gate (holder and recipient), a
    /// payment and the trial of the token, 64/63 of each (EIP-150), and 60,000 for the bookkeeping around them. A literal
    /// as in {GateWatch}.
    uint256 public constant PUSH_LEAST = 670_000;

    IRevenueDeclarations public immutable declarations;
    IHolderRegister public immutable register;
    IERC20 public immutable paymentToken;
    /// @dev The schedule of the declarations is immutable, so its two numbers are kept here instead of asked for.
    uint32 private immutable _firstDay;
    uint32 private immutable _daysPerPeriod;

    Funds private _funds;
    mapping(uint32 index => Tranche) private _tranches;

    /// @param authority The AccessManager of the asset.
    constructor(
        IRevenueDeclarations declarations_,
        IHolderRegister register_,
        IInvestorGate gate_,
        IERC20 paymentToken_,
        address authority
    ) Governed(authority) GateWatch(gate_) {
        int32 declarationsOffset = declarations_.utcOffset();
        int32 registerOffset = register_.utcOffset();
        if (declarationsOffset != registerOffset) revert UtcOffsetMismatch(declarationsOffset, registerOffset);
        if (!paymentToken_.isAlive()) revert PaymentTokenRefused(address(paymentToken_));
        declarations = declarations_;
        register = register_;
        paymentToken = paymentToken_;
        _firstDay = declarations_.firstDay();
        _daysPerPeriod = declarations_.daysPerPeriod();
    }

    /// @inheritdoc IRevenueDistributor
    function fund(uint32 period, uint256 amount) external restricted whenNotPaused nonReentrant {
        // The one transfer that comes before checks and effects: what arrives is only known afterwards.
        uint256 received = _receive(amount);
        (uint256 declared, uint256 before) = coverage(period);
        _requireFundable(period, received, declared, before);
        uint32 fromDay = _firstDayOf(period);
        uint256 shareDays = register.totalShareDays(fromDay, fromDay + _daysPerPeriod);
        if (shareDays == 0) revert NoShareDays(period);

        Funds memory funds = _funds;
        uint256 total = funds.funded + received;
        if (total > type(uint96).max) revert TotalTooLarge(total, type(uint96).max);
        // What was never distributed, this tranche and the carry, is a part of all funds: it fits 192 bits in X96.
        uint256 x = (received << 96) + funds.carryX96;
        Tranche memory tranche_ = Tranche(uint192(x / shareDays), period);
        uint32 index = funds.trancheCount;
        _tranches[index] = tranche_;
        _funds = Funds((x % shareDays).toUint128(), uint96(total), index + 1);
        _setFunded(period, before + received, declared);
        emit Funded(index, period, received, tranche_.perShareDayX96);
    }

    /// @inheritdoc IRevenueDistributor
    function claim(uint32 upTo) external nonReentrant returns (uint256 amount) {
        return _claim(msg.sender, upTo);
    }

    /// @inheritdoc IRevenueDistributor
    function claimFor(address holder, uint32 upTo) external nonReentrant returns (uint256 amount) {
        _requireOperator(holder);
        return _claim(holder, upTo);
    }

    /// @inheritdoc IRevenueDistributor
    function push(address[] calldata holders, uint32 upTo) external nonReentrant returns (uint256 done) {
        if (holders.length > MAX_HOLDERS) revert TooManyHolders(holders.length, MAX_HOLDERS);
        _requireTranches(upTo);
        uint256 paid;
        (done, paid) = _pushAll(holders, upTo);
        _till.paid += uint96(paid);
    }

    /// @inheritdoc IRevenueDistributor
    function owed(address holder, uint32 upTo) external view returns (uint256) {
        _requireTranches(upTo);
        return _accrued(holder, upTo).creditX96 >> 96;
    }

    /// @inheritdoc IRevenueDistributor
    function owedX96(address holder, uint32 upTo) external view returns (uint256) {
        _requireTranches(upTo);
        return _accrued(holder, upTo).creditX96;
    }

    /// @inheritdoc IRevenueDistributor
    function trancheCount() external view returns (uint32) {
        return _funds.trancheCount;
    }

    /// @inheritdoc IRevenueDistributor
    function tranche(uint32 index) external view returns (uint32 period, uint192 perShareDayX96) {
        uint32 count = _funds.trancheCount;
        if (index >= count) revert TrancheUnknown(index, count);
        Tranche memory found = _tranches[index];
        return (found.period, found.perShareDayX96);
    }

    /// @inheritdoc IRevenueDistributor
    function cursorOf(address holder) external view returns (uint32 settled) {
        return _account(holder).cursor;
    }

    /// @inheritdoc IRevenueDistributor
    function coverage(uint32 period) public view returns (uint256 declared, uint256 funded) {
        declared = declarations.distributableOf(period);
        return (declared, _fundedOf(period, declared));
    }

    /// @inheritdoc IRevenueDistributor
    function fundable(uint32 period) external view returns (uint256) {
        (uint256 declared, uint256 funded) = coverage(period);
        return declared - funded;
    }

    /// @inheritdoc IRevenueDistributor
    function arrears(uint32 fromPeriod, uint32 toPeriod) external view returns (uint256 missing) {
        for (uint32 period = fromPeriod; period < toPeriod; ++period) {
            (uint256 declared, uint256 funded) = coverage(period);
            missing += declared - funded;
        }
    }

    /// @inheritdoc IRevenueDistributor
    function carryX96() external view returns (uint256) {
        return _funds.carryX96;
    }

    /// @inheritdoc IRevenueDistributor
    function totalFunded() external view returns (uint256) {
        return _funds.funded;
    }

    /// @inheritdoc IRevenueDistributor
    function totalPaid() external view returns (uint256) {
        return _till.paid;
    }

    /// @dev Takes `amount` from the caller and returns what arrived.
    function _receive(uint256 amount) private returns (uint256 received) {
        uint256 before = paymentToken.balanceOf(address(this));
        paymentToken.safeTransferFrom(msg.sender, address(this), amount);
        received = paymentToken.balanceOf(address(this)) - before;
        if (received > amount) revert ReceivedTooMuch(received, amount);
    }

    function _requireFundable(uint32 period, uint256 received, uint256 declared, uint256 funded) private view {
        if (declared == 0) {
            // Nothing is distributable; the state says whether that may still change.
            IRevenueDeclarations.Status status = declarations.status(period);
            if (status != IRevenueDeclarations.Status.Final) revert PeriodNotFinal(period, uint8(status));
        }
        if (received == 0) revert FundingZero(period);
        uint256 room = declared - funded;
        if (received > room) revert FundingAboveDistributable(period, received, room);
        uint256 least = (declared + 99) / 100;
        if (received < least && received != room) revert FundingBelowMinimum(period, received, least);
    }

    function _requireTranches(uint32 upTo) private view {
        uint32 count = _funds.trancheCount;
        if (upTo > count) revert UpToTooLarge(upTo, count);
    }

    function _claim(address holder, uint32 upTo) private returns (uint256 amount) {
        _requireTranches(upTo);
        Account memory account = _accrued(holder, upTo);
        if (_isLost(account)) {
            _passOn(holder, account);
            return 0;
        }
        amount = account.creditX96 >> 96;
        if (amount == 0) {
            _store(holder, account);
            return 0;
        }
        address to = _requirePayable(holder, account);
        _storePaid(holder, account, amount);
        _till.paid += uint96(amount);
        emit Paid(holder, to, amount, account.cursor);
        paymentToken.safeTransfer(to, amount);
    }

    function _pushAll(address[] calldata holders, uint32 upTo) private returns (uint256 done, uint256 paid) {
        for (; done < holders.length; ++done) {
            address holder = holders[done];
            Account memory account = _accrued(holder, upTo);
            if (gasleft() < PUSH_LEAST) {
                if (done == 0) revert GasTooLow(gasleft(), PUSH_LEAST);
                emit PushStopped(done, holders.length);
                return (done, paid);
            }
            (bool alive, uint256 amount) = _pushTo(holder, account);
            if (!alive) {
                emit PushHalted(done, holders.length);
                return (done, paid);
            }
            paid += amount;
        }
    }

    /// @dev Settles one holder of a push: the amount is paid, handed to the heir, or kept as credit with an event that says
    /// why. If the token pays nobody, nothing is changed and `alive` is false.
    function _pushTo(address holder, Account memory account) private returns (bool alive, uint256 paid) {
        if (_isLost(account)) {
            _passOn(holder, account);
            return (true, 0);
        }
        uint256 amount = account.creditX96 >> 96;
        if (amount == 0) {
            _store(holder, account);
            return (true, 0);
        }
        (address to, Obstacle obstacle,) = _route(holder, account);
        if (obstacle != Obstacle.None) {
            _store(holder, account);
            emit PayHeld(holder, amount, account.cursor);
            return (true, 0);
        }
        uint256 untouched = _packed[holder];
        _storePaid(holder, account, amount);
        if (paymentToken.tryTransfer(to, amount)) {
            emit Paid(holder, to, amount, account.cursor);
            return (true, amount);
        }
        if (!paymentToken.isAlive()) {
            _packed[holder] = untouched;
            return (false, 0);
        }
        _store(holder, account);
        emit PayFailed(holder, amount, account.cursor);
        return (true, 0);
    }

    /// @dev The account of `holder` with the tranches below `upTo` in its credit; they must exist. Nothing is stored: the
    /// caller stores the result or drops it.
    function _accrued(address holder, uint32 upTo) private view returns (Account memory account) {
        account = _account(holder);
        if (account.cursor >= upTo) return account;
        uint256 creditX96 = account.creditX96;
        uint256 shareDays = 0;
        uint32 reckoned = type(uint32).max; // the period that `shareDays` belongs to; no period is that late
        for (uint32 i = account.cursor; i < upTo; ++i) {
            Tranche storage paying = _tranches[i];
            (uint192 perShareDayX96, uint32 period) = (paying.perShareDayX96, paying.period);
            // Tranches of one period mostly follow one another.
            if (period != reckoned) {
                reckoned = period;
                uint32 fromDay = _firstDayOf(period);
                shareDays = register.shareDays(holder, fromDay, fromDay + _daysPerPeriod);
            }
            creditX96 += perShareDayX96 * shareDays;
        }
        account.cursor = upTo;
        account.creditX96 = uint192(creditX96);
    }

    /// @dev The first settlement day of a declared period. The declarations refused any period whose days don't fit, so
    /// the cast doesn't cut.
    function _firstDayOf(uint32 period) private view returns (uint32) {
        return uint32(_firstDay + uint256(period) * _daysPerPeriod);
    }

    /// @dev Stores `account` less the payment of `amount` base units; `account` in memory does not change.
    function _storePaid(address holder, Account memory account, uint256 amount) private {
        _store(holder, account.cursor, account.creditX96 - uint192(amount << 96), account.flags);
    }

    /// @dev {ExpiringPause} and {Governed} both have this function; the one of {Governed} runs.
    function _checkCanCall(address caller, bytes calldata data) internal override(AccessManaged, Governed) {
        super._checkCanCall(caller, data);
    }

    /// @dev The powers over holders. A function that brings them money or protects them can't be given up.
    function _mayAbdicate(bytes4 selector) internal pure override returns (bool) {
        return selector == this.setGate.selector || selector == this.proposeRedirect.selector
            || selector == this.setPayoutFrozen.selector || selector == this.pause.selector;
    }
}
