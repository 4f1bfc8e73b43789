// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Documents} from "./Documents.sol";
import {Frames} from "./Frames.sol";
import {Note} from "./Note.sol";
import {Rfc9162} from "../src/lib/Rfc9162.sol";
import {Rfc9162Caller} from "./Rfc9162.t.sol";
import {Trees} from "./Trees.sol";
import {Field, VectorFile} from "./VectorFile.sol";
import {Wire} from "./Wire.sol";

/// @title The vectors of spec/, which Python and JavaScript load too: every file, every verdict by its code
contract VectorsTest is VectorFile {
    Rfc9162Caller private caller;

    function setUp() public {
        caller = new Rfc9162Caller();
    }

    // ---- merkle.json, through the library that the contracts use

    function test_merkle_vectors() public view {
        _run("merkle.json", "root", 12, 0, this.checkRoot);
        _run("merkle.json", "inclusion", 75, 0, this.checkInclusion);
        _run("merkle.json", "consistency", 74, 0, this.checkConsistency);
    }

    function checkRoot(string calldata json, string calldata path) external pure {
        bytes[] memory leaves = vm.parseJsonBytesArray(json, string.concat(path, "leaves"));
        bytes32[] memory hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            hashes[i] = Rfc9162.leafHash(leaves[i]);
        }
        assertEq(Trees.root(hashes, 0, hashes.length), _bytes32(json, path, "root"), "root");
    }

    function checkInclusion(string calldata json, string calldata path) external view {
        caller.inclusion(
            _bytes32(json, path, "leaf_hash"),
            _uint(json, path, "index"),
            _uint(json, path, "size"),
            _bytes32(json, path, "root"),
            vm.parseJsonBytes32Array(json, string.concat(path, "proof"))
        );
    }

    function checkConsistency(string calldata json, string calldata path) external view {
        caller.consistency(
            _uint(json, path, "size1"),
            _bytes32(json, path, "root1"),
            _uint(json, path, "size2"),
            _bytes32(json, path, "root2"),
            vm.parseJsonBytes32Array(json, string.concat(path, "proof"))
        );
    }

    // ---- reading.json

    function test_reading_vectors() public view {
        _run("reading.json", "cases", 45, 0, this.checkReading);
    }

    function checkReading(string calldata json, string calldata path) external view {
        bytes memory record = _bytes(json, path, "record");
        Documents.checkReading(record, _uint(json, path, "profile"));
        _sameReading(record, json, string.concat(path, "fields."));
    }

    function _sameReading(bytes memory record, string calldata json, string memory path) private view {
        _sameNumber(record, 0, 8, json, string.concat(path, "time"));
        _sameNumber(record, 8, 8, json, string.concat(path, "export_wh"));
        _sameNumber(record, 16, 8, json, string.concat(path, "import_wh"));
        _sameNumber(record, 28, 4, json, string.concat(path, "status"));
        if (Wire.number(record, 28, 4) & 4 != 0) {
            int256 power = vm.parseJsonInt(json, string.concat(path, "power_w"));
            assertTrue(int256(int32(uint32(Wire.number(record, 24, 4)))) == power, "power_w");
        }
        uint256 tariffs = record.length == 96 ? 8 : 0;
        for (uint256 i = 0; i < tariffs; ++i) {
            _sameNumber(record, 32 + 8 * i, 8, json, string.concat(path, "tariffs_wh[", vm.toString(i), "]"));
        }
        uint256 original = record.length == 64 ? 32 : 0;
        _sameBytes(record, 32, original, json, string.concat(path, "original_hash"));
    }

    // ---- header.json and chain.json

    function test_header_vectors() public view {
        _run("header.json", "cases", 81, 0, this.checkHeader);
    }

    function checkHeader(string calldata json, string calldata path) external view {
        bytes memory header = _bytes(json, path, "header");
        assertEq(sha256(header), _bytes32(json, path, "hash"), "hash");
        Documents.openHeader(header, _bytes(json, path, "signature"), _bytes(json, path, "public_point"));
        _sameHeader(header, json, string.concat(path, "fields."));
    }

    function _sameHeader(bytes memory header, string calldata json, string memory path) private view {
        Field[] memory fields = new Field[](15);
        fields[0] = Field("kind", 4, 1);
        fields[1] = Field("profile", 5, 1);
        fields[2] = Field("reason", 6, 1);
        fields[3] = Field("epoch", 27, 4);
        fields[4] = Field("seq0", 31, 8);
        fields[5] = Field("count", 39, 2);
        fields[6] = Field("t0", 41, 8);
        fields[7] = Field("t1", 49, 8);
        fields[8] = Field("status_or", 57, 4);
        fields[9] = Field("status_close", 61, 4);
        fields[10] = Field("export_start_wh", 65, 8);
        fields[11] = Field("import_start_wh", 73, 8);
        fields[12] = Field("export_end_wh", 81, 8);
        fields[13] = Field("import_end_wh", 89, 8);
        fields[14] = Field("monotonic_ms", 113, 8);
        _sameNumbers(header, fields, json, path);
        _sameBytes(header, 7, 20, json, string.concat(path, "meter_id"));
        _sameBytes(header, 97, 16, json, string.concat(path, "boot_id"));
        _sameBytes(header, 121, 32, json, string.concat(path, "batch_root"));
        _sameBytes(header, 153, 32, json, string.concat(path, "prev"));
    }

    function test_chain_vectors() public view {
        _run("chain.json", "cases", 26, 0, this.checkLink);
        _run("chain.json", "forks", 1, 0, this.checkFork);
    }

    function checkLink(string calldata json, string calldata path) external view {
        bytes memory header = _bytes(json, path, "header");
        if (_has(json, path, "binding_hash")) Documents.checkFirst(_bytes32(json, path, "binding_hash"), header);
        else Documents.checkFollows(_bytes(json, path, "previous"), header);
    }

    /// @dev Each of the two passes alone: same `prev`, same key, and two hashes. Only who holds both sees the fork.
    function checkFork(string calldata json, string calldata path) external view {
        bytes memory previous = _bytes(json, path, "previous");
        bytes memory one = _bytes(json, path, "headers[0]");
        bytes memory other = _bytes(json, path, "headers[1]");
        // chain.json gives headers, not keys; they are the meter's of header.json.
        string memory keys = _read("header.json");
        bytes memory point = _bytes(keys, ".cases[0].", "public_point");
        Documents.checkFollows(previous, one);
        Documents.checkFollows(previous, other);
        Documents.openHeader(one, _bytes(json, path, "signatures[0]"), point);
        Documents.openHeader(other, _bytes(json, path, "signatures[1]"), point);
        assertEq(sha256(one), _bytes32(json, path, "hashes[0]"), "hash");
        assertEq(sha256(other), _bytes32(json, path, "hashes[1]"), "hash");
        assertTrue(!Wire.same(one, other), "two headers");
    }

    // ---- batch.json

    function test_batch_vectors() public view {
        _run("batch.json", "cases", 33, 0, this.checkBatch);
    }

    function checkBatch(string calldata json, string calldata path) external view {
        bytes memory header = _bytes(json, path, "header");
        bytes memory body = _bytes(json, path, "body");
        Documents.openHeader(header, _bytes(json, path, "signature"), _bytes(json, path, "public_point"));
        bytes32[] memory hashes = Documents.openBody(header, _bytes(json, path, "batch_key"), body);
        bytes32[] memory expected = vm.parseJsonBytes32Array(json, string.concat(path, "leaf_hashes"));
        assertEq(keccak256(abi.encode(hashes)), keccak256(abi.encode(expected)), "leaf hashes");
        assertEq(Wire.word(header, 121), _bytes32(json, path, "batch_root"), "batch root");
        uint256 size = body.length / hashes.length;
        for (uint256 i = 0; i < hashes.length; ++i) {
            // A call of its own for each, because of memory.
            this.sameReading(Wire.part(body, i * size, size), json, _item(path, "readings", i));
        }
    }

    function sameReading(bytes calldata record, string calldata json, string calldata path) external view {
        _sameReading(record, json, path);
    }

    // ---- binding.json

    function test_binding_vectors() public view {
        _run("binding.json", "cases", 35, 0, this.checkBinding);
    }

    function checkBinding(string calldata json, string calldata path) external view {
        bytes memory record = _bytes(json, path, "record");
        Documents.openBinding(record, _bytes(json, path, "installer_point"));
        assertEq(sha256(Wire.part(record, 0, 274)), _bytes32(json, path, "hash"), "hash");
        assertEq(Wire.idOf(Wire.part(record, 108, 64)), _bytes(json, path, "meter_id"), "meter id");
        string memory fields = string.concat(path, "fields.");
        _sameText(record, 12, json, string.concat(fields, "asset"));
        _sameText(record, 44, json, string.concat(fields, "point"));
        _sameText(record, 76, json, string.concat(fields, "serial"));
        _sameBytes(record, 108, 64, json, string.concat(fields, "public_point"));
        _sameBytes(record, 210, 64, json, string.concat(fields, "installer_point"));
        _sameTerms(record, json, fields);
    }

    function _sameText(bytes memory record, uint256 offset, string calldata json, string memory key) private pure {
        bytes memory field = new bytes(32);
        bytes memory text = bytes(vm.parseJsonString(json, key));
        for (uint256 i = 0; i < text.length; ++i) {
            field[i] = text[i];
        }
        assertEq(Wire.part(record, offset, 32), field, key);
    }

    function _sameTerms(bytes memory record, string calldata json, string memory path) private view {
        Field[] memory fields = new Field[](10);
        fields[0] = Field("chain_id", 4, 8);
        fields[1] = Field("direction", 172, 1);
        fields[2] = Field("custody", 173, 1);
        fields[3] = Field("multiplier_num", 174, 4);
        fields[4] = Field("multiplier_den", 178, 4);
        fields[5] = Field("step_wh", 182, 4);
        fields[6] = Field("modulus_num", 186, 8);
        fields[7] = Field("modulus_den", 194, 4);
        fields[8] = Field("nameplate_w", 198, 4);
        fields[9] = Field("valid_from", 202, 8);
        _sameNumbers(record, fields, json, path);
    }

    // ---- bundle.json

    function test_bundle_vectors() public view {
        _run("bundle.json", "cases", 19, 0, this.checkBundle);
    }

    function checkBundle(string calldata json, string calldata path) external view {
        Frames.Item[] memory items = Frames.decodeBundle(_bytes(json, path, "bundle"));
        assertTrue(!_has(json, _item(path, "items", items.length), "header"), "no item more");
        for (uint256 i = 0; i < items.length; ++i) {
            string memory item = _item(path, "items", i);
            assertEq(items[i].header, _bytes(json, item, "header"), "header");
            assertEq(items[i].signature, _bytes(json, item, "signature"), "signature");
            assertEq(items[i].batchKey, _bytes(json, item, "batch_key"), "batch key");
            assertEq(items[i].body, _bytes(json, item, "body"), "body");
            assertEq(items[i].evidence, _bytes(json, item, "evidence"), "evidence");
        }
    }

    // ---- answer.json

    function test_answer_vectors() public view {
        _run("answer.json", "cases", 24, 0, this.checkAnswer);
    }

    function checkAnswer(string calldata json, string calldata path) external view {
        bytes memory answer = _bytes(json, path, "answer");
        uint256 count = Frames.openAnswer(answer, _bytes(json, path, "public_point"));
        _sameBytes(answer, 4, 20, json, string.concat(path, "oracle_id"));
        _sameNumber(answer, 24, 8, json, string.concat(path, "time"));
        assertTrue(!_has(json, _item(path, "items", count), "verdict"), "no item more");
        for (uint256 i = 0; i < count; ++i) {
            string memory item = _item(path, "items", i);
            _sameBytes(answer, 34 + 35 * i, 32, json, string.concat(item, "header_hash"));
            _sameNumber(answer, 66 + 35 * i, 1, json, string.concat(item, "verdict"));
            _sameNumber(answer, 67 + 35 * i, 2, json, string.concat(item, "code"));
        }
    }

    // ---- head.json

    function test_head_vectors() public view {
        _run("head.json", "cases", 16, 0, this.checkHead);
        _run("head.json", "requests", 10, 0, this.checkRequest);
    }

    function checkHead(string calldata json, string calldata path) external view {
        bytes memory head = _bytes(json, path, "head");
        Frames.openHead(head, _bytes(json, path, "public_point"), _bytes(json, path, "nonce"));
        string memory fields = string.concat(path, "fields.");
        assertEq(Wire.number(head, 68, 1), vm.parseJsonBool(json, string.concat(fields, "known")) ? 1 : 0, "known");
        _sameBytes(head, 4, 20, json, string.concat(fields, "oracle_id"));
        _sameBytes(head, 24, 16, json, string.concat(fields, "nonce"));
        _sameNumber(head, 40, 8, json, string.concat(fields, "time"));
        _sameBytes(head, 48, 20, json, string.concat(fields, "meter_id"));
        _sameNumber(head, 69, 4, json, string.concat(fields, "epoch"));
        _sameNumber(head, 73, 8, json, string.concat(fields, "next_seq"));
        _sameBytes(head, 81, 32, json, string.concat(fields, "header_hash"));
        _sameNumber(head, 113, 8, json, string.concat(fields, "export_end_wh"));
        _sameNumber(head, 121, 8, json, string.concat(fields, "import_end_wh"));
    }

    function checkRequest(string calldata json, string calldata path) external pure {
        bytes memory request = _bytes(json, path, "request");
        bytes[] memory meters = new bytes[](Frames.decodeRequest(request));
        for (uint256 i = 0; i < meters.length; ++i) {
            meters[i] = Wire.part(request, 22 + 20 * i, 20);
        }
        bytes[] memory expected = vm.parseJsonBytesArray(json, string.concat(path, "meters"));
        assertEq(keccak256(abi.encode(meters)), keccak256(abi.encode(expected)), "meters");
        _sameBytes(request, 4, 16, json, string.concat(path, "nonce"));
    }

    // ---- log_entry.json, checkpoint.json

    function test_log_entry_vectors() public view {
        _run("log_entry.json", "cases", 22, 0, this.checkLogEntry);
    }

    function checkLogEntry(string calldata json, string calldata path) external pure {
        bytes32 entry = Documents.entry(_uint(json, path, "type"), _bytes(json, path, "content"));
        assertEq(entry, _bytes32(json, path, "entry"), "entry");
        assertEq(Rfc9162.leafHash(bytes.concat(entry)), _bytes32(json, path, "leaf_hash"), "leaf hash");
    }

    function test_checkpoint_vectors() public view {
        _run("checkpoint.json", "cases", 36, 0, this.checkCheckpoint);
    }

    function checkCheckpoint(string calldata json, string calldata path) external view {
        bytes memory point = _bytes(json, path, "public_point");
        bytes memory origin = bytes(_string(json, path, "origin"));
        (uint256 size, bytes32 root) = Note.open(bytes(_string(json, path, "note")), point, origin);
        assertEq(size, _uint(json, path, "size"), "size");
        assertEq(root, _bytes32(json, path, "root"), "root");
        assertEq(Note.keyId(point), _bytes(json, path, "key_id"), "key id");
    }

    // ---- sum_tree.json

    function test_sum_tree_vectors() public view {
        // A negative energy has no unsigned type to be refused in.
        _run("sum_tree.json", "cases", 47, 1, this.checkSum);
        _run("sum_tree.json", "trees", 4, 0, this.checkSumTree);
    }

    function checkSum(string calldata json, string calldata path) external view {
        uint256 length = 0;
        while (_has(json, _item(path, "proof", length), "hash")) ++length;
        Trees.Sum[] memory proof = new Trees.Sum[](length);
        for (uint256 i = 0; i < length; ++i) {
            proof[i] = _sum(json, _item(path, "proof", i));
        }
        Trees.Sum memory total = Trees.openSum(
            _sumLeaf(json, string.concat(path, "leaf.")),
            _uint(json, path, "index"),
            _uint(json, path, "size"),
            proof,
            _bytes32(json, path, "root")
        );
        Trees.Sum memory expected = _sum(json, string.concat(path, "total."));
        assertEq(keccak256(abi.encode(total)), keccak256(abi.encode(expected)), "total");
    }

    function _sum(string calldata json, string memory path) private pure returns (Trees.Sum memory) {
        return Trees.Sum(
            _uint(json, path, "count"),
            _uint(json, path, "export_wh"),
            _uint(json, path, "import_wh"),
            _bytes32(json, path, "hash")
        );
    }

    function _sumLeaf(string calldata json, string memory path) private pure returns (Trees.Sum memory) {
        return
            Trees.sumLeaf(_string(json, path, "point"), _uint(json, path, "export_wh"), _uint(json, path, "import_wh"));
    }

    function checkSumTree(string calldata json, string calldata path) external view {
        uint256 length = 0;
        while (_has(json, _item(path, "leaves", length), "point")) ++length;
        Trees.Sum[] memory nodes = new Trees.Sum[](length);
        bytes32 before = 0;
        for (uint256 i = 0; i < length; ++i) {
            string memory leaf = _item(path, "leaves", i);
            nodes[i] = _sumLeaf(json, leaf);
            // Padded with zeros, names compare as their bytes do.
            bytes32 point = bytes32(bytes(_string(json, leaf, "point")));
            Wire.well(i == 0 || before < point);
            before = point;
        }
        Trees.sumRoot(nodes, 0, length);
    }

    // ---- canonical.json

    /// @dev Documents have no form on chain; their hashes do. Its five refusals are of values that Solidity can't hold.
    function test_canonical_vectors() public view {
        _run("canonical.json", "cases", 14, 5, this.checkCanonical);
    }

    function checkCanonical(string calldata json, string calldata path) external pure {
        assertEq(sha256(_bytes(json, path, "bytes")), _bytes32(json, path, "hash"), "hash");
    }
}
