// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A gate that allows everybody until it is told to break
contract TestGate {
    enum Answer {
        Yes,
        No,
        Nothing,
        Two,
        TwoWords,
        Revert,
        EatsGas
    }

    error Broken();

    Answer public answer;

    function set(Answer chosen) external {
        answer = chosen;
    }

    function isAllowed(address) external view returns (bool) {
        if (answer == Answer.Yes) return true;
        if (answer == Answer.No) return false;
        if (answer == Answer.Revert) revert Broken();
        if (answer == Answer.EatsGas) {
            while (true) {
                continue;
            }
        }
        uint256 length = answer == Answer.Nothing ? 0 : answer == Answer.Two ? 32 : 64;
        uint256 word = answer == Answer.Two ? 2 : 1;
        assembly {
            mstore(0, word)
            return(0, length)
        }
    }
}
