// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInvestorGate} from "../../src/interfaces/IInvestorGate.sol";

/// @title A gate without a list: what it answers is all that matters
abstract contract HostileGate is IInvestorGate {
    function setAllowed(address[] calldata, bool) external pure {}
}

/// @title Reverts
contract RevertingGate is HostileGate {
    error OutOfOrder();

    function isAllowed(address) external pure returns (bool) {
        revert OutOfOrder();
    }
}

/// @title Eats all the gas it is given
contract GasEatingGate is HostileGate {
    function isAllowed(address) external pure returns (bool) {
        while (true) {
            continue;
        }
        return true;
    }
}

/// @title Says yes, but only after as much work as it is told to do
contract LateGate is HostileGate {
    uint256 public gasNeeded;

    function setGasNeeded(uint256 to) external {
        gasNeeded = to;
    }

    function isAllowed(address) external view returns (bool) {
        uint256 start = gasleft();
        uint256 needed = gasNeeded;
        while (start - gasleft() < needed) {
            continue;
        }
        return true;
    }
}

/// @title Answers with any bytes at all
contract GarbageGate is HostileGate {
    bytes public answer;

    function setAnswer(bytes calldata to) external {
        answer = to;
    }

    function isAllowed(address) external view returns (bool) {
        bytes memory said = answer;
        assembly ("memory-safe") {
            return(add(said, 32), mload(said))
        }
    }
}

/// @title Fails with 100,000 bytes of reason, or says yes with as many
contract BombGate is HostileGate {
    bool public allows;

    function setAllows(bool to) external {
        allows = to;
    }

    function isAllowed(address) external view returns (bool) {
        bool yes = allows;
        assembly {
            mstore(0, yes)
            if yes { return(0, 100000) }
            revert(0, 100000)
        }
    }
}
