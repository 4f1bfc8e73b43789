// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ExpiringPause} from "../src/base/ExpiringPause.sol";
import {RevenueDeclarations} from "../src/RevenueDeclarations.sol";
import {IAnchoredLog} from "../src/interfaces/IAnchoredLog.sol";
import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {ISignerSets} from "../src/interfaces/ISignerSets.sol";
import {Roles} from "../src/lib/Roles.sol";
import {Fixture} from "./Fixture.sol";

/// @title The declarations as an asset runs them: three of five signers, and two days in which to object
abstract contract DeclarationsFixture is Fixture {
    uint32 internal constant CHALLENGE = 2 days;
    uint32 internal constant RESOLVE = 5 days;
    uint8 internal constant QUORUM = 3;

    address internal constant SIGNER_ADMIN = address(0x51AD);
    address internal constant RESTARTER = address(0x4E57);

    bytes32[] internal none;
    /// @dev Sorted by their addresses, as signatures must be.
    uint256[] internal keys;

    /// @dev The asset of `deploy` with other declarations; the distributor keeps the old ones and is not used here.
    function deployStrictly(uint256 signers, uint8 threshold) internal {
        deploy();
        useKeys(signers, "oracle");
        IRevenueDeclarations.Terms memory strict = strictTerms();
        declarations = new RevenueDeclarations(strict, addresses(keys), threshold, address(manager));
        grantAll();
    }

    function strictTerms() internal view returns (IRevenueDeclarations.Terms memory strict) {
        strict = terms();
        (strict.challengeWindow, strict.resolveWindow) = (CHALLENGE, RESOLVE);
    }

    function grantAll() internal {
        address target = address(declarations);
        grant(target, ExpiringPause.pause.selector, Roles.GUARDIAN, GUARDIAN);
        grant(target, ISignerSets.withdrawSignerSet.selector, Roles.GUARDIAN, GUARDIAN);
        grant(target, IAnchoredLog.cancelRestart.selector, Roles.GUARDIAN, GUARDIAN);
        grant(target, IRevenueDeclarations.guardianDispute.selector, Roles.GUARDIAN, GUARDIAN);
        grant(target, ISignerSets.announceSignerSet.selector, Roles.SIGNER_ADMIN, SIGNER_ADMIN);
        grant(target, IAnchoredLog.announceRestart.selector, Roles.RESTARTER, RESTARTER);
    }

    /// @dev From now on `sign` signs with `count` fresh keys.
    function useKeys(uint256 count, bytes32 salt) internal {
        delete keys;
        for (uint256 i = 0; i < count; ++i) {
            uint256 key = uint256(keccak256(abi.encode(salt, i))) >> 1;
            keys.push(key);
            for (uint256 j = i; j != 0 && vm.addr(keys[j - 1]) > vm.addr(keys[j]); --j) {
                (keys[j - 1], keys[j]) = (keys[j], keys[j - 1]);
            }
        }
    }

    function addresses(uint256[] memory of_) internal pure returns (address[] memory found) {
        found = new address[](of_.length);
        for (uint256 i = 0; i < found.length; ++i) {
            found[i] = vm.addr(of_[i]);
        }
    }

    /// @dev Signed by `count` of the keys, beginning with `from`.
    function signBy(bytes32 digest, uint256 from, uint256 count) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            signatures[i] = signWith(keys[from + i], digest)[0];
        }
    }

    function sign(bytes32 digest) internal view override returns (bytes[] memory) {
        return signBy(digest, 0, keys.length / 2 + 1);
    }

    function declareReport(IRevenueDeclarations.Report memory said) internal {
        declarations.declare(said, sign(declarations.reportDigest(said)));
    }

    /// @dev Expects the report, signed by a quorum, to be refused with `reason`.
    function refused(IRevenueDeclarations.Report memory said, bytes memory reason) internal {
        bytes[] memory signatures = sign(declarations.reportDigest(said));
        vm.expectRevert(reason);
        declarations.declare(said, signatures);
    }

    /// @dev The report that replaces the newest one of `period`.
    function nextRevision(uint32 period, uint128 distributable)
        internal
        view
        returns (IRevenueDeclarations.Report memory said)
    {
        IRevenueDeclarations.Declaration memory last = declarations.declaration(period);
        said = report(period, distributable);
        said.revision = last.revision + 1;
        said.previousHash = last.reportHash;
    }

    function guardianDisputes(uint32 period) internal {
        bytes32 hash = declarations.reportHash(period);
        vm.prank(GUARDIAN);
        declarations.guardianDispute(period, hash, "reason");
    }

    function expectStatus(uint32 period, IRevenueDeclarations.Status want, string memory what) internal view {
        assertEq(uint256(declarations.status(period)), uint256(want), what);
        assertEq(uint256(declarations.declaration(period).status), uint256(want), what);
        bool isFinal = want == IRevenueDeclarations.Status.Final;
        assertTrue(isFinal || declarations.distributableOf(period) == 0, "only a final report lets anything out");
    }
}
