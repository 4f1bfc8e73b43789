// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {DeclarationsFixture} from "./DeclarationsFixture.sol";
import {SparseLog} from "./SparseLog.sol";

/// @title What an anchor and a declaration cost
/// @notice Every call runs as a transaction of its own (forge's isolation), so the figures hold the 21,000 and the calldata,
/// slots are cold, and what is overwritten was written by an earlier transaction. `forge test -vv` prints them.
abstract contract DeclarationsGas is DeclarationsFixture {
    /// @dev forge prints it.
    event log_named_uint(string key, uint256 val);

    uint64 internal constant LEAVES = 1_000_000;
    uint256 internal constant DECLARE_TARGET = 130_000;

    function signers() internal pure virtual returns (uint256);

    /// @dev No anchor takes more.
    function anchorMost() internal pure virtual returns (uint256);

    function setUp() public {
        deployStrictly(signers(), uint8(signers() / 2 + 1));
    }

    /// @dev Anchors a million entries after `before` and returns the gas.
    function _anchorAfter(uint64 before) private returns (uint256 length, uint256 gas) {
        uint256 state = vm.snapshotState();
        bytes32 root = SparseLog.root(before, before);
        declarations.anchor(before, root, none, sign(declarations.anchorDigest(1, before, root)));
        root = SparseLog.root(LEAVES, before);
        bytes32[] memory proof = SparseLog.consistency(before, LEAVES);
        bytes[] memory signatures = sign(declarations.anchorDigest(1, LEAVES, root));
        declarations.anchor(LEAVES, root, proof, signatures);
        (length, gas) = (proof.length, vm.lastCallGas().gasTotalUsed);
        vm.revertToState(state);
    }

    function test_gas_of_an_anchor_at_a_million_leaves() public {
        uint64[5] memory before = [LEAVES - 1, LEAVES - 100, LEAVES - 1_001, LEAVES - 10_000, 524_289];
        for (uint256 i = 0; i < before.length; ++i) {
            (uint256 length, uint256 gas) = _anchorAfter(before[i]);
            emit log_named_uint("entries before", before[i]);
            emit log_named_uint("  hashes in the proof", length);
            emit log_named_uint("  gas of anchor", gas);
            assertAtMost(gas, anchorMost(), "anchor");
        }
    }

    function _declare(uint32 period, uint32 registryIndex) private returns (uint256) {
        toDay(FIRST_DAY + DAYS_PER_PERIOD * (period + 1));
        IRevenueDeclarations.Report memory said = report(period, 41_270_000_000);
        (said.exportWh, said.importWh) = (1_012_300, 77_123);
        (said.settlementRoot, said.tariffHash, said.statementHash) =
        (keccak256("settlement"), keccak256("tariff"), keccak256("statement"));
        (said.gross, said.registryIndex) = (55_000_000_001, registryIndex);
        bytes[] memory signatures = sign(declarations.reportDigest(said));
        declarations.declare(said, signatures);
        return vm.lastCallGas().gasTotalUsed;
    }

    function test_gas_of_a_declaration() public {
        anchorMore(3);
        emit log_named_uint("gas of the first declaration", _declare(0, 0));
        uint256 steady = _declare(1, 0);
        emit log_named_uint("gas of a declaration", steady);
        for (uint32 i = 1; i < 9; ++i) {
            vm.prank(REGISTRAR);
            registry.append(FIRST_DAY + 6 + i * 10, bytes32(uint256(i)), 5, 50_000);
        }
        emit log_named_uint("gas of a declaration, nine registry entries", _declare(40, 8));
        assertAtMost(steady, DECLARE_TARGET, "declare");
    }
}

/// forge-config: default.isolate = true
contract OneSignerGasTest is DeclarationsGas {
    function signers() internal pure override returns (uint256) {
        return 1;
    }

    function anchorMost() internal pure override returns (uint256) {
        return 90_000;
    }
}

/// forge-config: default.isolate = true
contract ThreeOfFiveGasTest is DeclarationsGas {
    function signers() internal pure override returns (uint256) {
        return 5;
    }

    /// @dev Two more signatures cost 15,000: 3,000 each to recover, 2,100 to look the signer up, 1,500 of calldata.
    function anchorMost() internal pure override returns (uint256) {
        return 102_000;
    }
}
