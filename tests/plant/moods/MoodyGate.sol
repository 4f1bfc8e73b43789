// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A gate that answers the same for everybody, and not always
contract MoodyGate {
    enum Mood {
        Refuses,
        Allows,
        Nonsense,
        Reverts,
        EatsGas,
        Short
    }

    Mood public mood;

    function setMood(Mood to) external {
        mood = to;
    }

    function isAllowed(address) external view returns (bool) {
        Mood now_ = mood;
        if (now_ == Mood.Reverts) revert("not today");
        while (now_ == Mood.EatsGas) {
            continue;
        }
        // 0, 1 and 2 are answered as they are, the last one a byte short.
        assembly ("memory-safe") {
            mstore(0, now_)
            return(0, sub(32, eq(now_, 5)))
        }
    }
}
