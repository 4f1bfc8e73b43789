// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IErc3643Module} from "./IErc3643.sol";
import {IHolderRegister} from "./IHolderRegister.sol";

/// @title A holder register for a token that exists already
/// @notice An ERC-3643 token keeps no balances by day. This register, added to the token's compliance contract as a module,
/// is told of every transfer, mint and burn, and then *looks*: it asks the token for the balances of the two sides, and
/// records them. The amounts that it is told are never used, because the owner of the compliance contract can make them up.
///
/// The register does not see a move that it is not told of: one while the module was removed, or a balance from before the
/// module was added. Such a balance counts from the day on which it is seen, and days that are over never change. The
/// recorded balances and the token's supply are compared after each look. When they differ, days from then on have no
/// answer ({DayBroken}) until anybody names the holders that were missed (`sync`) and the sums agree again. A missed move
/// between two holders changes neither sum, so the comparison can't notice it: name its two sides to `sync`.
///
/// The total of the share-days comes from the recorded balances, never from the token's supply. So the parts always add
/// up to the whole, and a distributor that pays by them stays solvent whatever the token does.
interface IErc3643Register is IHolderRegister, IErc3643Module {
    /// @notice On `day` the recorded balances, `recorded` in all, stopped adding up to `supply`, the tokens in existence.
    event RegisterBroken(uint32 indexed day, uint256 recorded, uint256 supply);
    /// @notice They add up again, with `supply` tokens in existence.
    event RegisterMended(uint32 indexed day, uint256 supply);

    /// @notice Days from `brokenSince` on have no answer until the recorded balances add up to the supply again.
    error DayBroken(uint32 brokenSince);
    /// @notice Only a compliance contract binds or unbinds itself.
    error NotTheCompliance(address caller, address compliance);
    /// @notice More holders in one call than it takes.
    error TooManyHolders(uint256 got, uint256 most);
    /// @notice There is no contract at `account`.
    error NoContract(address account);

    /// @notice Records what each of `holders` has now, and compares the sums. Anybody may.
    /// @param holders At most 256, in any order; with more, call again: what was recorded stays recorded.
    /// @return sound Whether the recorded balances add up to the supply now.
    function sync(address[] calldata holders) external returns (bool sound);

    /// @notice The first day without an answer, and whether there is one.
    function brokenSince() external view returns (bool broken, uint32 day);

    /// @notice Whether the token's present compliance contract tells this register of transfers. False means that moves are
    /// missed from now on; only the token's owner and its compliance contract's owner can change that.
    function isHooked() external view returns (bool);
}
