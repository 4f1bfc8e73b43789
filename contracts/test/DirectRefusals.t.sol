// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

import {IDirectSettlement} from "../src/interfaces/IDirectSettlement.sol";
import {MeterBinding} from "../src/lib/MeterBinding.sol";
import {MeterHeader} from "../src/lib/MeterHeader.sol";
import {Rfc9162} from "../src/lib/Rfc9162.sol";
import {DirectFixture} from "./DirectFixture.sol";
import {TestMeter} from "./TestMeter.sol";

/// @title What is refused, and by which name
contract DirectRefusalsTest is DirectFixture {
    function setUp() public {
        deployDirect();
        settle(0, 0, 5_000, 70);
    }

    /// @dev At boundary 1, by the east meter, a header that nothing is wrong with.
    function _header() private returns (TestMeter.Header memory) {
        return headerAt(EAST, 1, 6_000, 71);
    }

    function _refusedHeader(TestMeter.Header memory header, bytes memory reason) private {
        refused(1, logged(TestMeter.content(EAST, header)), registered(0), reason);
    }

    function _refusedBinding(TestMeter.Binding memory binding, bytes memory reason) private {
        rebind(binding);
        refused(1, logged(TestMeter.content(EAST, _header())), registered(0), reason);
    }

    // ---- the signature

    function test_high_s_is_refused_although_it_verifies() public {
        bytes memory content = TestMeter.content(EAST, _header());
        uint256 s;
        assembly ("memory-safe") {
            s := mload(add(content, 249))
        }
        bytes32 high = bytes32(P256.N - s);
        assembly ("memory-safe") {
            mstore(add(content, 249), high)
        }
        bytes memory reason = abi.encodeWithSelector(IDirectSettlement.SignatureNotLow.selector, high);
        refused(1, logged(content), registered(0), reason);
    }

    function test_another_key_is_refused() public {
        TestMeter.Header memory header = _header();
        bytes memory content = TestMeter.content(SOUTH, header);
        bytes memory reason = abi.encodeWithSelector(IDirectSettlement.SignatureInvalid.selector, TestMeter.idOf(EAST));
        refused(1, logged(content), registered(0), reason);
    }

    function testFuzz_no_byte_of_a_signed_document_can_be_changed(uint8 place, uint8 flip) public {
        bytes memory content = TestMeter.content(EAST, _header());
        content[bound(place, 0, 248)] ^= bytes1(uint8(bound(flip, 1, 255)));
        // It is in the log like that, and anchored: whoever runs the log can't settle what the meter didn't sign.
        IDirectSettlement.LoggedHeader memory document = logged(content);
        IDirectSettlement.RegisteredBinding memory binding = registered(0);
        vm.expectRevert();
        direct.settle(1, document, binding);
    }

    function test_a_header_of_another_meter_is_refused() public {
        bytes memory content = TestMeter.content(SOUTH, headerAt(SOUTH, 1, 6_000, 71));
        bytes memory reason = abi.encodeWithSelector(
            IDirectSettlement.MeterDiffers.selector, TestMeter.idOf(SOUTH), TestMeter.idOf(EAST)
        );
        refused(1, logged(content), registered(0), reason);
    }

    // ---- the boundary

    function test_a_boundary_that_lies_ahead_is_refused() public {
        TestMeter.Header memory header = _header();
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, header));
        uint256 startsAt = direct.boundaryAt(2);
        bytes memory reason =
            abi.encodeWithSelector(IDirectSettlement.BoundaryNotReached.selector, 2, startsAt, block.timestamp);
        refused(2, document, registered(0), reason);
    }

    function test_a_header_closes_within_the_tolerance_after_the_boundary() public {
        uint256 startsAt = reach(1);
        TestMeter.Header memory header = TestMeter.headerOf(EAST, startsAt - 1, 6_000, 71);
        _refusedHeader(
            header,
            abi.encodeWithSelector(
                IDirectSettlement.HeaderNotAtBoundary.selector, startsAt - 1, startsAt, startsAt + TOLERANCE
            )
        );
        header.t1 = uint64(startsAt + TOLERANCE + 1);
        _refusedHeader(
            header,
            abi.encodeWithSelector(
                IDirectSettlement.HeaderNotAtBoundary.selector, header.t1, startsAt, startsAt + TOLERANCE
            )
        );
    }

    function test_a_header_of_another_period_is_refused() public {
        TestMeter.Header memory header = _header();
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, header));
        uint256 startsAt = reach(2);
        bytes memory reason = abi.encodeWithSelector(
            IDirectSettlement.HeaderNotAtBoundary.selector, header.t1, startsAt, startsAt + TOLERANCE
        );
        refused(2, document, registered(0), reason);
    }

    function test_a_meter_settles_once_a_boundary() public {
        TestMeter.Header memory header = _header();
        settle(1, EAST, 0, header);
        _refusedHeader(header, abi.encodeWithSelector(IDirectSettlement.BoundaryNotLater.selector, 1, 1));
        assertFigures(0, 1_000, 1, 2);
    }

    function test_a_boundary_before_the_last_one_is_refused() public {
        settle(2, 0, 7_000, 71);
        _refusedHeader(_header(), abi.encodeWithSelector(IDirectSettlement.BoundaryNotLater.selector, 1, 2));
    }

    // ---- the reading

    function test_a_clock_that_is_not_synchronised_is_refused() public {
        TestMeter.Header memory header = _header();
        for (uint32 clock = 0x10; clock <= 0x20; clock <<= 1) {
            (header.statusOr, header.statusClose) = (clock | 7, clock | 7);
            _refusedHeader(header, abi.encodeWithSelector(IDirectSettlement.ClockNotSynchronised.selector, clock | 7));
        }
    }

    function test_a_register_that_was_not_read_at_the_boundary_is_refused() public {
        TestMeter.Header memory header = _header();
        // No answer; export only repeated; import only repeated; neither register.
        uint32[4] memory closing = [uint32(0x140), 0x42, 0x41, 0x44];
        for (uint256 i = 0; i < 4; ++i) {
            (header.statusOr, header.statusClose) = (closing[i] | 0x47, closing[i]);
            _refusedHeader(header, abi.encodeWithSelector(IDirectSettlement.RegisterNotMeasured.selector, closing[i]));
        }
    }

    function test_a_doubtful_reading_is_refused() public {
        TestMeter.Header memory header = _header();
        // Suspect without a reason; a sentinel; zero; zero and fell.
        uint32[4] memory closing = [uint32(0xc7), 0x10c7, 0x20c7, 0x60c7];
        for (uint256 i = 0; i < 4; ++i) {
            (header.statusOr, header.statusClose) = (closing[i], closing[i]);
            _refusedHeader(header, abi.encodeWithSelector(IDirectSettlement.ReadingSuspect.selector, closing[i]));
        }
    }

    function test_a_fallen_register_opens_nothing() public {
        TestMeter.Header memory header = headerAt(SOUTH, 1, 5, 5);
        (header.statusOr, header.statusClose) = (0x40c7, 0x40c7);
        bytes memory reason = abi.encodeWithSelector(IDirectSettlement.ReadingSuspect.selector, 0x40c7);
        refused(1, logged(TestMeter.content(SOUTH, header)), registered(1), reason);
    }

    // ---- the registers

    function test_a_register_that_falls_is_refused() public {
        _refusedHeader(
            headerAt(EAST, 1, 4_999, 71), abi.encodeWithSelector(IDirectSettlement.RegisterFell.selector, 4_999, 5_000)
        );
        _refusedHeader(
            headerAt(EAST, 1, 5_000, 69), abi.encodeWithSelector(IDirectSettlement.RegisterFell.selector, 69, 70)
        );
    }

    function test_a_fall_beyond_the_modulus_is_refused() public {
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        binding.modulusNumerator = 1_000;
        rebind(binding);
        settle(1, 0, 5_000, 0);
        bytes memory reason = abi.encodeWithSelector(IDirectSettlement.RegisterFell.selector, 3_999, 5_000);
        refused(2, logged(TestMeter.content(EAST, headerAt(EAST, 2, 3_999, 0))), registered(0), reason);
        settle(2, 0, 4_000, 0);
        assertFigures(1, 0, 0, 2);
    }

    /// @dev 10 kW for three days and two seconds, a tenth more, and twice the step of 10 Wh.
    uint64 private constant MOST_WH = 792_006 + 20;

    function test_a_register_rises_by_no_more_than_the_nameplate_allows() public {
        _refusedHeader(
            headerAt(EAST, 1, 5_000 + MOST_WH + 1, 71),
            abi.encodeWithSelector(IDirectSettlement.RiseImplausible.selector, MOST_WH + 1, MOST_WH)
        );
        settle(1, 0, 5_000 + MOST_WH, 71);
        assertFigures(0, MOST_WH, 1, 2);
    }

    function test_a_wrap_rises_by_no_more_than_the_nameplate_allows() public {
        uint64 last = type(uint32).max;
        settle(0, 1, last, 0);
        IDirectSettlement.LoggedHeader memory document =
            logged(TestMeter.content(SOUTH, headerAt(SOUTH, 1, MOST_WH, 0)));
        bytes memory reason = abi.encodeWithSelector(IDirectSettlement.RegisterFell.selector, MOST_WH, last);
        refused(1, document, registered(1), reason);
        settle(1, 1, MOST_WH - 1, 0);
        assertFigures(0, MOST_WH, 0, 2);
    }

    function test_a_register_never_vanishes() public {
        TestMeter.Header memory header = headerAt(EAST, 1, 6_000, TestMeter.ABSENT);
        (header.statusOr, header.statusClose) = (0x45, 0x45);
        _refusedHeader(header, abi.encodeWithSelector(IDirectSettlement.RegisterVanished.selector));
    }

    function test_an_epoch_before_the_stored_one_is_refused() public {
        TestMeter.Header memory header = _header();
        header.epoch = 3;
        settle(1, EAST, 0, header);
        header = headerAt(EAST, 2, 7_000, 71);
        header.epoch = 2;
        bytes memory reason = abi.encodeWithSelector(IDirectSettlement.EpochFell.selector, 2, 3);
        refused(2, logged(TestMeter.content(EAST, header)), registered(0), reason);
    }

    // ---- the log

    function test_a_size_that_was_not_anchored_is_refused() public {
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        ++document.logSize;
        refused(
            1,
            document,
            registered(0),
            abi.encodeWithSelector(IDirectSettlement.LogSizeUnknown.selector, document.logSize)
        );
    }

    function test_another_anchored_size_does_not_fit_the_proof() public {
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        uint64 before = document.logSize;
        anchorMore(9);
        document.logSize = log.size();
        bytes memory reason = abi.encodeWithSelector(Rfc9162.ProofTooShort.selector, document.proof.length);
        refused(1, document, registered(0), reason);
        document.logSize = before;
        direct.settle(1, document, registered(0));
    }

    function test_a_leaf_outside_the_log_is_refused() public {
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        document.index = document.logSize;
        bytes memory reason =
            abi.encodeWithSelector(Rfc9162.LeafOutsideTree.selector, document.logSize, document.logSize);
        refused(1, document, registered(0), reason);
    }

    function testFuzz_the_proof_of_another_leaf_is_refused(uint64 index) public {
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        uint64 other = uint64(bound(index, 0, document.logSize - 1));
        vm.assume(other != document.index);
        document.index = other;
        document.proof = log.inclusion(other, document.logSize);
        refusedBy(1, document, registered(0), Rfc9162.RootMismatch.selector);
    }

    function test_a_document_that_is_not_in_the_log_is_refused() public {
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        document.content = TestMeter.content(EAST, headerAt(EAST, 1, 6_001, 71));
        refusedBy(1, document, registered(0), Rfc9162.RootMismatch.selector);
    }

    // ---- the binding

    function test_a_binding_of_another_entry_is_refused() public {
        // Rebound from period 1 on; period 0 is closed under the entry in force when it began.
        TestMeter.Binding memory binding = TestMeter.bindingOf(SOUTH);
        binding.nameplateW = 1;
        settle(0, 1, 5, 5);
        IDirectSettlement.RegisteredBinding memory old = registered(1);
        records[1] = TestMeter.record(binding);
        appendEntry(firstDayOf(1));
        IDirectSettlement.LoggedHeader memory second = logged(TestMeter.content(SOUTH, headerAt(SOUTH, 2, 6, 6)));
        refusedBy(2, second, old, Rfc9162.RootMismatch.selector);
        old.proof = registered(1).proof;
        refusedBy(2, second, old, Rfc9162.RootMismatch.selector);
        direct.settle(2, second, registered(1));
        assertFigures(1, 0, 0, 3);
    }

    function test_a_binding_that_counts_only_later_opens_no_earlier() public {
        records.push(TestMeter.record(TestMeter.bindingOf(OTHER)));
        appendEntry(firstDayOf(1) + 1);
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(OTHER, headerAt(OTHER, 1, 100, 0)));
        bytes memory reason = abi.encodeWithSelector(Rfc9162.LeafOutsideTree.selector, 3, 3);
        refused(1, document, registered(3), reason);
    }

    function test_an_index_outside_the_entry_is_refused() public {
        IDirectSettlement.RegisteredBinding memory binding = registered(0);
        binding.index = 3;
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        refused(1, document, binding, abi.encodeWithSelector(Rfc9162.LeafOutsideTree.selector, 3, 3));
    }

    function test_a_binding_of_another_chain_is_refused() public {
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        ++binding.chainId;
        _refusedBinding(
            binding,
            abi.encodeWithSelector(MeterBinding.BindingOfAnotherChain.selector, block.chainid + 1, block.chainid)
        );
    }

    function test_a_binding_of_another_asset_is_refused() public {
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        binding.asset = "asset-2";
        _refusedBinding(
            binding,
            abi.encodeWithSelector(MeterBinding.BindingOfAnotherAsset.selector, bytes32("asset-2"), bytes32("asset"))
        );
    }

    function test_a_multiplier_is_refused() public {
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        binding.numerator = 40;
        _refusedBinding(binding, abi.encodeWithSelector(MeterBinding.MultiplierNotOne.selector, 40, 1));
    }

    function test_a_multiplier_that_cancels_is_none() public {
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        (binding.numerator, binding.denominator) = (7, 7);
        rebind(binding);
        settle(1, 0, 5_000, 0);
        settle(2, 0, 5_003, 0);
        assertFigures(1, 3, 0, 2);
    }

    function test_a_modulus_fits_63_bits() public {
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        binding.modulusNumerator = 1 << 63;
        _refusedBinding(binding, abi.encodeWithSelector(MeterBinding.BindingMalformed.selector, 186, 1 << 63));
    }

    function test_a_binding_that_is_not_valid_yet_is_refused() public {
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        uint64 closedAt = _header().t1;
        binding.validFrom = closedAt + 1;
        _refusedBinding(
            binding, abi.encodeWithSelector(IDirectSettlement.BindingNotYetValid.selector, closedAt, binding.validFrom)
        );
    }

    function test_a_record_that_was_changed_is_refused() public {
        IDirectSettlement.RegisteredBinding memory binding = registered(0);
        TestMeter.Binding memory changed = TestMeter.bindingOf(EAST);
        changed.nameplateW = 20_000;
        binding.record = TestMeter.record(changed);
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        refusedBy(1, document, binding, Rfc9162.RootMismatch.selector);
    }

    // ---- the layouts

    function test_an_event_that_is_no_reading_is_refused() public {
        TestMeter.Header memory header = _header();
        header.kind = 2;
        _refusedHeader(header, abi.encodeWithSelector(MeterHeader.HeaderWithoutReadings.selector, 2));
    }

    function test_a_document_has_its_length() public {
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        document.content = bytes.concat(document.content, hex"00");
        refused(1, document, registered(0), abi.encodeWithSelector(MeterHeader.HeaderLengthWrong.selector, 250, 249));
        document.content = "";
        refused(1, document, registered(0), abi.encodeWithSelector(MeterHeader.HeaderLengthWrong.selector, 0, 249));
    }

    function test_a_record_has_its_length() public {
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, _header()));
        IDirectSettlement.RegisteredBinding memory binding = registered(0);
        binding.record = bytes.concat(binding.record, hex"00");
        refused(1, document, binding, abi.encodeWithSelector(MeterBinding.BindingLengthWrong.selector, 403, 402));
    }
}
