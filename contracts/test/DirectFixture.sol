// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DirectSettlement} from "../src/DirectSettlement.sol";
import {IDirectSettlement} from "../src/interfaces/IDirectSettlement.sol";
import {MeterRegistry} from "../src/MeterRegistry.sol";
import {Fixture} from "./Fixture.sol";
import {TestLog} from "./TestLog.sol";
import {TestMeter} from "./TestMeter.sol";

/// @title An asset whose three meters settle directly
abstract contract DirectFixture is Fixture {
    uint32 internal constant TOLERANCE = 150;
    uint256 internal constant EAST = 0xEA57;
    uint256 internal constant SOUTH = 0x50071;
    uint256 internal constant WEST = 0x3E57;
    uint256 internal constant OTHER = 0x07E3;

    DirectSettlement internal direct;
    MeterRegistry internal meters;
    /// @dev The tree under the newest entry of `meters`.
    TestLog internal bindings;
    bytes[] internal records;

    function deployDirect() internal {
        deploy();
        meters = new MeterRegistry(address(manager), UTC_OFFSET);
        grant(address(meters), MeterRegistry.append.selector, REGISTRAR_ROLE, REGISTRAR);
        direct = new DirectSettlement(declarations, meters, "asset", TOLERANCE);
        delete records;
        records.push(TestMeter.record(TestMeter.bindingOf(EAST)));
        records.push(TestMeter.record(TestMeter.bindingOf(SOUTH)));
        records.push(TestMeter.record(TestMeter.bindingOf(WEST)));
        appendEntry(FIRST_DAY);
        // So that no index in a proof is 0 by accident.
        anchorMore(5);
    }

    /// @dev Everything in `records` counts from `day` on.
    function appendEntry(uint32 day) internal {
        bindings = new TestLog();
        for (uint256 i = 0; i < records.length; ++i) {
            bindings.append(sha256(abi.encodePacked(uint8(0x11), records[i])));
        }
        uint64 size = bindings.size();
        bytes32 root = bindings.root(size);
        vm.prank(REGISTRAR);
        meters.append(day, root, uint32(size), 30_000);
    }

    /// @dev The east meter counts by another binding from period 1 on, so that the first boundary it can open is 1.
    function rebind(TestMeter.Binding memory binding) internal {
        records[0] = TestMeter.record(binding);
        appendEntry(firstDayOf(1));
    }

    function firstDayOf(uint32 period) internal pure returns (uint32) {
        return FIRST_DAY + period * DAYS_PER_PERIOD;
    }

    /// @dev Unix seconds of a boundary, and chain time not before it.
    function reach(uint32 boundary) internal returns (uint256 startsAt) {
        startsAt = uint256(firstDayOf(boundary)) * 1 days - uint256(int256(UTC_OFFSET));
        if (block.timestamp < startsAt + TOLERANCE) vm.warp(startsAt + TOLERANCE);
    }

    /// @dev Puts a document of header and signature into the log, and anchors it.
    function logged(bytes memory content) internal returns (IDirectSettlement.LoggedHeader memory header) {
        uint64 index = log.size();
        log.append(sha256(abi.encodePacked(uint8(0x10), content)));
        anchorMore(2);
        uint64 size = log.size();
        return IDirectSettlement.LoggedHeader(content, size, index, log.inclusion(index, size));
    }

    function registered(uint32 index) internal view returns (IDirectSettlement.RegisteredBinding memory) {
        return IDirectSettlement.RegisteredBinding(records[index], index, bindings.inclusion(index, bindings.size()));
    }

    /// @dev A header at `boundary`, a little after it, that nothing is wrong with.
    function headerAt(uint256 key, uint32 boundary, uint64 exportWh, uint64 importWh)
        internal
        returns (TestMeter.Header memory)
    {
        return TestMeter.headerOf(key, reach(boundary) + 2, exportWh, importWh);
    }

    /// @dev Settles what meter `index` says by `header`.
    function settle(uint32 boundary, uint256 key, uint32 index, TestMeter.Header memory header) internal {
        direct.settle(boundary, logged(TestMeter.content(key, header)), registered(index));
    }

    function settle(uint32 boundary, uint32 index, uint64 exportWh, uint64 importWh) internal {
        uint256 key = keyOf(index);
        settle(boundary, key, index, headerAt(key, boundary, exportWh, importWh));
    }

    function keyOf(uint32 index) internal pure returns (uint256) {
        return index == 0 ? EAST : index == 1 ? SOUTH : WEST;
    }

    /// @dev The next call of `settle` with these documents must be refused so.
    function refused(
        uint32 boundary,
        IDirectSettlement.LoggedHeader memory header,
        IDirectSettlement.RegisteredBinding memory binding,
        bytes memory reason
    ) internal {
        vm.expectRevert(reason);
        direct.settle(boundary, header, binding);
    }

    /// @dev The same, where the error names a hash that no test can know.
    function refusedBy(
        uint32 boundary,
        IDirectSettlement.LoggedHeader memory header,
        IDirectSettlement.RegisteredBinding memory binding,
        bytes4 selector
    ) internal {
        bytes4 got = 0;
        try direct.settle(boundary, header, binding) {}
        catch (bytes memory reason) {
            got = bytes4(reason);
        }
        assertEq(bytes32(got), bytes32(selector), "refusal");
    }

    function assertFigures(uint32 period, uint64 exportWh, uint64 importWh, uint32 missing) internal view {
        (uint64 exported, uint64 imported, uint32 missed) = direct.figures(period);
        assertEq(exported, exportWh, "export");
        assertEq(imported, importWh, "import");
        assertEq(missed, missing, "missing meters");
    }

    function bindingHash(uint32 index) internal view returns (bytes32) {
        bytes memory record = records[index];
        bytes memory binding = new bytes(274);
        for (uint256 i = 0; i < 274; ++i) {
            binding[i] = record[i];
        }
        return sha256(binding);
    }
}
