"""A token: its code, in the layout a compiler gives such contracts, and calls of it.

The balance of an address is in the slot Keccak-256(address, 0), both padded to 32 bytes.
"""

from .evm import CALLER, NAMES
from .keccak import keccak256

NUMBERS = {name: number for number, name in NAMES.items()}

# Names in lower case stand for labels, of the places where they come with a colon; `sel:` and
# `topic:` for hashes of a signature.
SLOT = "PUSH0 MSTORE PUSH1 0x40 PUSH0 KECCAK256"
SOURCE = f"""
    PUSH0 CALLDATALOAD PUSH1 0xe0 SHR
    DUP1 sel:transfer(address,uint256) EQ transfer JUMPI
    DUP1 sel:balanceOf(address) EQ balance JUMPI
    DUP1 sel:mint(uint256) EQ mint JUMPI
    DUP1 sel:airdrop(uint256) EQ airdrop JUMPI
    DUP1 sel:interest(uint256) EQ interest JUMPI
fail:
    PUSH0 PUSH0 REVERT

balance:
    PUSH1 4 CALLDATALOAD {SLOT} SLOAD PUSH0 MSTORE PUSH1 0x20 PUSH0 RETURN

mint:
    PUSH1 4 CALLDATALOAD CALLER {SLOT} DUP1 SLOAD DUP3 ADD SWAP1 SSTORE STOP

transfer:
    true PUSH1 4 CALLDATALOAD PUSH1 0x24 CALLDATALOAD move JUMP

airdrop:            ; one token to each of n addresses: hashes of n to 1
    PUSH1 4 CALLDATALOAD
next:
    DUP1 ISZERO true JUMPI
    sent DUP2 PUSH0 MSTORE PUSH1 0x20 PUSH0 KECCAK256 PUSH1 0x60 SHR PUSH1 1 move JUMP
sent:
    PUSH1 1 SWAP1 SUB next JUMP

interest:           ; the caller's balance grows by 1/1024, n times
    PUSH1 4 CALLDATALOAD CALLER {SLOT} DUP1 SLOAD DUP3
period:             ; n, slot, balance, periods to come
    DUP1 ISZERO paid JUMPI
    SWAP1 DUP1 PUSH1 10 SHR ADD SWAP1
    PUSH1 1 SWAP1 SUB period JUMP
paid:
    SWAP2 SSTORE STOP

true:
    PUSH1 1 PUSH0 MSTORE PUSH1 0x20 PUSH0 RETURN

move:               ; return address, receiver, amount
    CALLER {SLOT} DUP1 SLOAD
    DUP3 DUP2 LT fail JUMPI
    DUP3 SWAP1 SUB SWAP1 SSTORE
    DUP2 {SLOT} DUP1 SLOAD DUP3 ADD SWAP1 SSTORE
    PUSH0 MSTORE
    CALLER topic:Transfer(address,address,uint256) PUSH1 0x20 PUSH0 LOG3
    JUMP
"""


def code():
    """The assembled source."""
    output, labels, uses = bytearray(), {}, []
    for line in SOURCE.splitlines():
        words = iter(line.split(";")[0].split())
        for word in words:
            if word.endswith(":"):
                labels[word[:-1]] = len(output)
                output.append(NUMBERS["JUMPDEST"])
            elif word.startswith("sel:"):
                output += bytes([NUMBERS["PUSH4"]]) + selector(word[4:])
            elif word.startswith("topic:"):
                output += bytes([NUMBERS["PUSH32"]]) + keccak256(word[6:].encode())
            elif word in NUMBERS:
                output.append(NUMBERS[word])
                length = int(word[4:]) if word[:4] == "PUSH" else 0
                output += int(next(words), 0).to_bytes(length, "big") if length else b""
            else:
                uses.append((len(output) + 1, word))
                output += bytes([NUMBERS["PUSH2"], 0, 0])
    for at, label in uses:
        output[at : at + 2] = labels[label].to_bytes(2, "big")
    return bytes(output)


def selector(signature):
    return keccak256(signature.encode())[:4]


def call(signature, *words):
    return selector(signature) + b"".join(word.to_bytes(32, "big") for word in words)


def calls():
    """Calldata of each transaction; the last transfer asks for more than there is."""
    receivers = [int.from_bytes(keccak256(bytes([number]))[12:], "big") for number in range(8)]
    yield call("mint(uint256)", 10**24)
    for number, receiver in enumerate(receivers):
        yield call("transfer(address,uint256)", receiver, 10**18 * (number + 1))
    # To itself: a balance that changes and changes back.
    yield call("transfer(address,uint256)", CALLER, 1)
    yield call("airdrop(uint256)", 100)
    yield call("interest(uint256)", 4000)
    yield call("transfer(address,uint256)", receivers[0], 10**28)
    yield call("balanceOf(address)", CALLER)
