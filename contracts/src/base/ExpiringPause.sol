// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title A pause that ends by itself
/// @notice The guardian may pause for at most seven days. The pause expires without anybody's help, and the next one can
/// begin only after as long again, so that a guardian alone can slow an asset down but never stop it. No pause blocks a
/// claim of funded money.
/// @dev Extends AccessManaged and not {Governed}, so that the two times may share a slot with the authority: every
/// restricted function reads that slot anyway.
abstract contract ExpiringPause is AccessManaged {
    /// @notice Paused until `until`, unix seconds; not pausable again before `readyAt`.
    event Paused(uint40 until, uint40 readyAt);

    /// @notice The function rests until `until`, unix seconds.
    error PausedUntil(uint40 until);
    /// @notice The last pause is too fresh; the next may begin at `readyAt`, unix seconds.
    error PauseCoolsDown(uint40 readyAt);
    /// @notice A pause lasts 1 second to `most` seconds.
    error PauseLengthOutOfRange(uint32 seconds_, uint32 most);

    uint32 public constant MAX_PAUSE = 7 days;

    /// @notice When the pause ends or ended, unix seconds; 0 if there was none.
    uint40 public pausedUntil;
    /// @notice When the next pause may begin, unix seconds.
    uint40 public pauseReadyAt;

    modifier whenNotPaused() {
        if (block.timestamp < pausedUntil) revert PausedUntil(pausedUntil);
        _;
    }

    /// @notice Pauses for `seconds_`. Restricted: the guardian role.
    function pause(uint32 seconds_) external restricted {
        if (seconds_ == 0 || seconds_ > MAX_PAUSE) revert PauseLengthOutOfRange(seconds_, MAX_PAUSE);
        if (block.timestamp < pauseReadyAt) revert PauseCoolsDown(pauseReadyAt);
        pausedUntil = uint40(block.timestamp + seconds_);
        pauseReadyAt = uint40(block.timestamp + 2 * uint256(seconds_));
        emit Paused(pausedUntil, pauseReadyAt);
    }
}
