// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A gate that answers the same for everybody, and not always
contract MisbehavingGate {
    enum Behaviour {
        Refuses,
        Allows,
        Nonsense,
        Reverts,
        EatsGas,
        Short
    }

    Behaviour public behaviour;

    function setBehaviour(Behaviour to) external {
        behaviour = to;
    }

    function isAllowed(address) external view returns (bool) {
        Behaviour now_ = behaviour;
        if (now_ == Behaviour.Reverts) revert("not today");
        while (now_ == Behaviour.EatsGas) {
            continue;
        }
        // 0, 1 and 2 are answered as they are, the last one a byte short.
        assembly ("memory-safe") {
            mstore(0, now_)
            return(0, sub(32, eq(now_, 5)))
        }
    }
}
