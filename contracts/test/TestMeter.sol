// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

import {Vm} from "./Vm.sol";

/// @title A meter that signs headers and bindings, honest ones or not; it checks nothing
library TestMeter {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint64 internal constant ABSENT = type(uint64).max;
    /// @dev Export, import and power valid; clock synchronised.
    uint32 internal constant GOOD = 0x47;

    /// @dev The fields of spec/binding.md that a test may want to bend. `key` is the meter's private key.
    struct Binding {
        uint256 key;
        bytes4 tag;
        uint64 chainId;
        bytes32 asset;
        uint8 direction;
        uint32 numerator;
        uint32 denominator;
        uint32 stepWh;
        uint64 modulusNumerator;
        uint32 modulusDenominator;
        uint32 nameplateW;
        uint64 validFrom;
    }

    /// @dev Likewise of spec/header.md.
    struct Header {
        bytes4 tag;
        uint8 kind;
        uint8 profile;
        uint8 reason;
        bytes20 meterId;
        uint32 epoch;
        uint64 seq0;
        uint16 count;
        uint64 t0;
        uint64 t1;
        uint32 statusOr;
        uint32 statusClose;
        uint64 exportStart;
        uint64 importStart;
        uint64 exportEnd;
        uint64 importEnd;
        uint64 monotonicMs;
    }

    function pointOf(uint256 key) internal pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        return abi.encodePacked(x, y);
    }

    function idOf(uint256 key) internal pure returns (bytes20) {
        return bytes20(sha256(pointOf(key)));
    }

    /// @dev r | s over SHA-256 of the message, s in the lower half of the order.
    function sign(uint256 key, bytes memory message) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(key, sha256(message));
        if (uint256(s) > P256.N / 2) s = bytes32(P256.N - uint256(s));
        return abi.encodePacked(r, s);
    }

    /// @dev A binding that nothing is wrong with: 10 kW, a 32-bit register, forward is export.
    function bindingOf(uint256 key) internal view returns (Binding memory) {
        return Binding({
            key: key,
            tag: "HOB1",
            chainId: uint64(block.chainid),
            asset: "asset",
            direction: 1,
            numerator: 1,
            denominator: 1,
            stepWh: 10,
            modulusNumerator: 1 << 32,
            modulusDenominator: 1,
            nameplateW: 10_000,
            validFrom: 0
        });
    }

    /// @dev A header of one reading at `t1` that nothing is wrong with.
    function headerOf(uint256 key, uint256 t1, uint64 exportEnd, uint64 importEnd)
        internal
        pure
        returns (Header memory)
    {
        return Header({
            tag: "HOH1",
            kind: 1,
            profile: 1,
            reason: 0,
            meterId: idOf(key),
            epoch: 0,
            seq0: 288,
            count: 3,
            t0: uint64(t1 - 600),
            t1: uint64(t1),
            statusOr: GOOD,
            statusClose: GOOD,
            exportStart: exportEnd,
            importStart: importEnd,
            exportEnd: exportEnd,
            importEnd: importEnd,
            monotonicMs: 86_412_345
        });
    }

    /// @dev The 402 bytes, signed by the meter and by an installer.
    function record(Binding memory b) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(
            b.tag, b.chainId, b.asset, bytes32("inverter-1"), bytes32("SN-0001"), pointOf(b.key), b.direction, uint8(2)
        );
        bytes memory binding = abi.encodePacked(
            head,
            abi.encodePacked(b.numerator, b.denominator, b.stepWh, b.modulusNumerator, b.modulusDenominator),
            b.nameplateW,
            b.validFrom,
            pointOf(0x1257A11E5)
        );
        return abi.encodePacked(binding, sign(b.key, binding), sign(0x1257A11E5, binding));
    }

    /// @dev The 185 bytes.
    function encode(Header memory h) internal pure returns (bytes memory) {
        bytes memory first = abi.encodePacked(
            h.tag, h.kind, h.profile, h.reason, h.meterId, h.epoch, h.seq0, h.count, h.t0, h.t1, h.statusOr
        );
        bytes memory registers = abi.encodePacked(h.statusClose, h.exportStart, h.importStart, h.exportEnd, h.importEnd);
        return
            abi.encodePacked(
                first, registers, bytes16("boot"), h.monotonicMs, keccak256("batch root"), keccak256("prev")
            );
    }

    /// @dev Header and signature: what the log holds.
    function content(uint256 key, Header memory h) internal pure returns (bytes memory) {
        bytes memory encoded = encode(h);
        return abi.encodePacked(encoded, sign(key, encoded));
    }
}
