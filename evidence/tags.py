"""Domain tags, type codes and sizes: the one table that `spec/README.md` prints and every codec imports.

A tag is the first four bytes of everything that is signed or framed, so that bytes signed for one purpose never verify for another; its
last character is the version of the layout.
"""

import re

HEADER = b"HOH1"
BINDING = b"HOB1"
ANSWER = b"HOA1"
HEAD = b"HOS1"
HEAD_REQUEST = b"HOQ1"
RESEND = b"HOX1"
BUNDLE = b"HOU1"
DECISION = b"HOD1"
CLOSE = b"HOC1"
BLOCK = b"HOK1"
STANDING = b"HOT1"
# A checkpoint is a C2SP signed note: its origin line is its domain tag.
CHECKPOINT_ORIGIN_PREFIX = "helioracle/"

TAGS: dict[str, bytes] = {
    "header": HEADER,
    "binding": BINDING,
    "answer": ANSWER,
    "head": HEAD,
    "head request": HEAD_REQUEST,
    "resend request": RESEND,
    "bundle": BUNDLE,
    "decision": DECISION,
    "close": CLOSE,
    "block": BLOCK,
    "standing": STANDING,
}

# Prefixes of hashed nodes. 0x00 and 0x01 are RFC 9162's; the sum tree and the log entries stay clear of them.
LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
SUM_LEAF_PREFIX = b"\x02"
SUM_NODE_PREFIX = b"\x03"

# Log entry types. They start at 0x10 so that no entry's preimage can be read as a Merkle leaf or node.
ENTRY_HEADER = 0x10
ENTRY_BINDING = 0x11
ENTRY_TERMS = 0x12
ENTRY_CASH = 0x13
ENTRY_DECISION = 0x14
ENTRY_REDACTION = 0x15
ENTRY_CLOSE = 0x16
ENTRY_BLOCK = 0x17
ENTRY_STANDING = 0x18

ENTRY_TYPES: dict[str, int] = {
    "header": ENTRY_HEADER,
    "binding": ENTRY_BINDING,
    "terms": ENTRY_TERMS,
    "cash document": ENTRY_CASH,
    "decision": ENTRY_DECISION,
    "redaction": ENTRY_REDACTION,
    "close": ENTRY_CLOSE,
    "block": ENTRY_BLOCK,
    "standing": ENTRY_STANDING,
}

# Names of assets, points and gateways, wherever they stand: in a binding, a topic, a log's origin, a settlement leaf.
IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

POINT_SIZE = 64
SIGNATURE_SIZE = 64
METER_ID_SIZE = 20
HASH_SIZE = 32
BATCH_KEY_SIZE = 32
SALT_SIZE = 16
HEADER_SIZE = 185
BINDING_SIZE = 274
CLOSE_SIZE = 57
BLOCK_SIZE = 53
STANDING_SIZE = 53
BATCH_COUNT_MAX = 1024
BUNDLE_ITEMS_MAX = 64
BUNDLE_SIZE_MAX = 65_536
ABSENT_U64 = 0xFFFF_FFFF_FFFF_FFFF
# Every 64-bit value but 'absent' is below 2^63, so that a signed 64-bit column holds it and no verifier must round or wrap it.
U63_MAX = 0x7FFF_FFFF_FFFF_FFFF
ABSENT_POWER = -1  # an absent power is all ones, which is also -1 W; the status word tells the two apart
