// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rfc9162} from "../src/lib/Rfc9162.sol";
import {Checks} from "./Vm.sol";
import {Refused, Wire} from "./Wire.sol";

/// @title Runs a check over every case of a file in spec/vectors and compares the refusal's code with the one it states
abstract contract VectorFile is Checks {
    /// @dev A check neither passed nor refused: it broke, in this case, with these bytes.
    error Broken(string name, bytes reason);

    /// @dev `cases` and `skipped` are stated by the caller, so that a loop which silently ends early fails.
    /// Skipped are the cases that say `"solidity": false`.
    function _run(
        string memory file,
        string memory list,
        uint256 cases,
        uint256 skipped,
        function(string memory, string memory) external view check
    ) internal view {
        uint256 i = 0;
        uint256 passedOver = 0;
        for (;; ++i) {
            (bool exists, bool ran) = this.judge(file, list, i, check);
            if (!exists) break;
            if (!ran) ++passedOver;
        }
        assertEq(i, cases, string.concat(file, " ", list, ": cases"));
        assertEq(passedOver, skipped, string.concat(file, " ", list, ": cases that Solidity leaves out"));
    }

    /// @dev One case in a call of its own: its copies of the file are gone when it returns, and memory stays cheap.
    function judge(
        string calldata file,
        string calldata list,
        uint256 i,
        function(string memory, string memory) external view check
    ) external view returns (bool exists, bool ran) {
        string memory json = _read(file);
        string memory path = string.concat(".", list, "[", vm.toString(i), "].");
        if (!_has(json, path, "name")) return (false, false);
        if (_has(json, path, "solidity") && !vm.parseJsonBool(json, string.concat(path, "solidity"))) {
            return (true, false);
        }
        _judge(json, path, check);
        return (true, true);
    }

    /// @dev Foundry's parser refuses a file that holds half of a surrogate pair. One case of canonical.json does, on
    /// purpose, and Solidity leaves that case out.
    function _read(string memory file) internal view returns (string memory) {
        string memory text = vm.readFile(string.concat(vm.projectRoot(), "/../spec/vectors/", file));
        return vm.replace(text, "\"\\ud83c\"", "\"\"");
    }

    function _judge(string memory json, string memory path, function(string memory, string memory) external view check)
        private
        view
    {
        string memory name = _string(json, path, "name");
        string memory code = "";
        string memory field = "";
        try check(json, path) {}
        catch (bytes memory reason) {
            (code, field) = _refusal(reason, name);
        }
        assertEq(code, _has(json, path, "code") ? _string(json, path, "code") : "", name);
        if (Wire.same(bytes(code), "header-disagrees") && _has(json, path, "field")) {
            assertEq(field, _string(json, path, "field"), name);
        }
    }

    function _refusal(bytes memory reason, string memory name) private pure returns (string memory, string memory) {
        bytes4 selector = bytes4(reason);
        if (selector == Refused.selector) {
            return abi.decode(Wire.part(reason, 4, reason.length - 4), (string, string));
        }
        if (
            selector == Rfc9162.LeafOutsideTree.selector || selector == Rfc9162.ProofTooLong.selector
                || selector == Rfc9162.ProofTooShort.selector || selector == Rfc9162.SizesInvalid.selector
        ) return ("bad-proof", "");
        if (selector == Rfc9162.RootMismatch.selector || selector == Rfc9162.OldRootMismatch.selector) {
            return ("root-mismatch", "");
        }
        revert Broken(name, reason);
    }

    // ---- a case's fields

    function _has(string memory json, string memory path, string memory name) internal view returns (bool) {
        return vm.keyExistsJson(json, string.concat(path, name));
    }

    function _string(string memory json, string memory path, string memory name) internal pure returns (string memory) {
        return vm.parseJsonString(json, string.concat(path, name));
    }

    function _bytes(string memory json, string memory path, string memory name) internal pure returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(path, name));
    }

    function _bytes32(string memory json, string memory path, string memory name) internal pure returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(path, name));
    }

    function _uint(string memory json, string memory path, string memory name) internal pure returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, name));
    }

    /// @dev ".cases[3].proof" and 1 make ".cases[3].proof[1]."; whether it exists says whether the list goes on.
    function _item(string memory path, string memory list, uint256 i) internal pure returns (string memory) {
        return string.concat(path, list, "[", vm.toString(i), "].");
    }

    /// @dev The field at an offset of `data` is what the case shows: bytes as hex, numbers as such, null for all ones.
    function _sameNumber(bytes memory data, uint256 offset, uint256 size, string memory json, string memory key)
        internal
        view
    {
        assertTrue(vm.keyExistsJson(json, key), key);
        uint256 expected = (1 << (8 * size)) - 1;
        try vm.parseJsonUint(json, key) returns (uint256 shown) {
            expected = shown;
        } catch {
            // null
        }
        assertEq(Wire.number(data, offset, size), expected, key);
    }

    function _sameBytes(bytes memory data, uint256 offset, uint256 size, string memory json, string memory key)
        internal
        pure
    {
        assertEq(Wire.part(data, offset, size), vm.parseJsonBytes(json, key), key);
    }

    /// @dev Many numbers of one layout: (name, offset, size) each.
    function _sameNumbers(bytes memory data, Field[] memory fields, string memory json, string memory path)
        internal
        view
    {
        for (uint256 i = 0; i < fields.length; ++i) {
            _sameNumber(data, fields[i].offset, fields[i].size, json, string.concat(path, fields[i].name));
        }
    }
}

/// @dev Where a layout holds a number.
struct Field {
    string name;
    uint256 offset;
    uint256 size;
}
