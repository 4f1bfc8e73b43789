// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

import {Rfc9162Caller} from "./Rfc9162.t.sol";
import {Checks} from "./Vm.sol";

/// @title The vectors of spec/, which Python and JavaScript load too
contract VectorsTest is Checks {
    Rfc9162Caller private caller;
    string private json;

    function setUp() public {
        caller = new Rfc9162Caller();
    }

    function _load(string memory name) private {
        json = vm.readFile(string.concat(vm.projectRoot(), "/../spec/vectors/", name));
    }

    function _key(string memory group, uint256 index, string memory field) private pure returns (string memory) {
        return string.concat(".", group, "[", vm.toString(index), "].", field);
    }

    function _has(string memory group, uint256 index) private view returns (bool) {
        return vm.keyExistsJson(json, _key(group, index, "name"));
    }

    /// @dev Calls the library; fails, with the vector's name, unless it answers as the vector says.
    function _expect(string memory group, uint256 index, bytes memory call) private view {
        (bool done,) = address(caller).staticcall(call);
        bool ok = vm.parseJsonBool(json, _key(group, index, "ok"));
        assertTrue(done == ok, string.concat(group, ": ", vm.parseJsonString(json, _key(group, index, "name"))));
    }

    function test_merkle_inclusion_vectors() public {
        _load("merkle.json");
        uint256 i = 0;
        for (; _has("inclusion", i); ++i) {
            bytes memory call = abi.encodeCall(
                Rfc9162Caller.inclusion,
                (
                    vm.parseJsonBytes32(json, _key("inclusion", i, "leaf_hash")),
                    vm.parseJsonUint(json, _key("inclusion", i, "index")),
                    vm.parseJsonUint(json, _key("inclusion", i, "size")),
                    vm.parseJsonBytes32(json, _key("inclusion", i, "root")),
                    vm.parseJsonBytes32Array(json, _key("inclusion", i, "proof"))
                )
            );
            _expect("inclusion", i, call);
        }
        assertTrue(i >= 4, "the file holds inclusion vectors");
    }

    function test_merkle_consistency_vectors() public {
        _load("merkle.json");
        uint256 i = 0;
        for (; _has("consistency", i); ++i) {
            bytes memory call = abi.encodeCall(
                Rfc9162Caller.consistency,
                (
                    vm.parseJsonUint(json, _key("consistency", i, "size1")),
                    vm.parseJsonBytes32(json, _key("consistency", i, "root1")),
                    vm.parseJsonUint(json, _key("consistency", i, "size2")),
                    vm.parseJsonBytes32(json, _key("consistency", i, "root2")),
                    vm.parseJsonBytes32Array(json, _key("consistency", i, "proof"))
                )
            );
            _expect("consistency", i, call);
        }
        assertTrue(i >= 4, "the file holds consistency vectors");
    }

    /// @dev A leaf of a vector is the entry; its hash and every node above are made here.
    function test_merkle_root_vectors() public {
        _load("merkle.json");
        uint256 i = 0;
        for (; _has("root", i); ++i) {
            bytes[] memory leaves = vm.parseJsonBytesArray(json, _key("root", i, "leaves"));
            bytes32[] memory hashes = new bytes32[](leaves.length);
            for (uint256 k = 0; k < leaves.length; ++k) {
                hashes[k] = caller.leafHash(leaves[k]);
            }
            assertEq(
                _root(hashes, 0, hashes.length),
                vm.parseJsonBytes32(json, _key("root", i, "root")),
                vm.parseJsonString(json, _key("root", i, "name"))
            );
        }
        assertTrue(i >= 2, "the file holds root vectors");
    }

    function _root(bytes32[] memory hashes, uint256 from, uint256 to) private pure returns (bytes32) {
        if (from == to) return sha256("");
        if (to - from == 1) return hashes[from];
        uint256 k = 1;
        while (k * 2 < to - from) k *= 2;
        return sha256(abi.encodePacked(bytes1(0x01), _root(hashes, from, from + k), _root(hashes, from + k, to)));
    }

    /// @dev Meter signatures over headers. Cases that fail before the signature is looked at say `"solidity": false`.
    function test_header_signature_vectors() public {
        _load("header.json");
        uint256 checked = 0;
        for (uint256 i = 0; _has("cases", i); ++i) {
            string memory toSolidity = _key("cases", i, "solidity");
            if (vm.keyExistsJson(json, toSolidity) && !vm.parseJsonBool(json, toSolidity)) continue;
            bytes memory signature = vm.parseJsonBytes(json, _key("cases", i, "signature"));
            bytes memory point = vm.parseJsonBytes(json, _key("cases", i, "public_point"));
            bytes32 digest = sha256(vm.parseJsonBytes(json, _key("cases", i, "header")));
            bool ok = vm.parseJsonBool(json, _key("cases", i, "ok"));
            string memory name = vm.parseJsonString(json, _key("cases", i, "name"));
            assertTrue(_signed(digest, signature, point) == ok, name);
            ++checked;
        }
        assertTrue(checked >= 2, "the file holds signature vectors");
    }

    function _signed(bytes32 digest, bytes memory signature, bytes memory point) private view returns (bool) {
        if (signature.length != 64 || point.length != 64) return false;
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        (bytes32 x, bytes32 y) = abi.decode(point, (bytes32, bytes32));
        bool inSolidity = P256.verifySolidity(digest, r, s, x, y);
        // Where the chain has the precompile, it must agree; here it falls back to the same code.
        assertTrue(P256.verify(digest, r, s, x, y) == inSolidity, "precompile and library agree");
        return inSolidity;
    }
}
