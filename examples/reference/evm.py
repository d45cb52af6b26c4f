"""The Ethereum virtual machine, as far as the token's code needs it, with the gas of Prague.

Gas follows the yellow paper and EIP-2929, 3529 and 7623. An instruction or a case that is not here
stops with an error.
"""

from dataclasses import dataclass, field

from .keccak import keccak256

CALLER = 0x1111111111111111111111111111111111111111
WORD = (1 << 256) - 1

COLD_SLOT = 2100
# Instructions that cost the same whenever they are executed.
FIXED = {
    "ADD": 3, "SUB": 3, "LT": 3, "EQ": 3, "ISZERO": 3, "SHR": 3, "CALLER": 2,
    "CALLDATALOAD": 3, "JUMP": 8, "JUMPI": 10, "JUMPDEST": 1, "PUSH0": 2, "STOP": 0,
}
NAMES = {
    0x00: "STOP", 0x01: "ADD", 0x03: "SUB", 0x10: "LT", 0x14: "EQ", 0x15: "ISZERO", 0x1C: "SHR",
    0x20: "KECCAK256", 0x33: "CALLER", 0x35: "CALLDATALOAD", 0x52: "MSTORE", 0x54: "SLOAD",
    0x55: "SSTORE", 0x56: "JUMP", 0x57: "JUMPI", 0x5B: "JUMPDEST", 0x5F: "PUSH0", 0xA3: "LOG3",
    0xF3: "RETURN", 0xFD: "REVERT",
    **{0x5F + size: f"PUSH{size}" for size in range(1, 33)},
    **{0x7F + depth: f"DUP{depth}" for depth in range(1, 17)},
    **{0x8F + depth: f"SWAP{depth}" for depth in range(1, 17)},
}


@dataclass
class Account:
    code: bytes
    storage: dict = field(default_factory=dict)


@dataclass
class Receipt:
    success: bool
    gas: int
    output: bytes
    logs: list


class Frame:
    """One call of an account's code."""

    def __init__(self, account, data):
        self.code, self.data = account.code, data
        self.before, self.storage = account.storage, dict(account.storage)
        self.warm, self.stack, self.memory, self.logs = set(), [], bytearray(), []
        self.gas = self.refund = self.at = 0

    def pop(self, count):
        """The uppermost first."""
        return [self.stack.pop() for _ in range(count)]

    def touch(self, start, length):
        """Memory grows to whole words; each step is paid for."""
        def cost(words):
            return 3 * words + words * words // 512

        words = max(len(self.memory) // 32, -(-(start + length) // 32) if length else 0)
        self.gas += cost(words) - cost(len(self.memory) // 32)
        self.memory.extend(bytes(32 * words - len(self.memory)))
        return bytes(self.memory[start : start + length])

    def heat(self, slot):
        cold = slot not in self.warm
        self.warm.add(slot)
        return COLD_SLOT if cold else 0

    def store(self, slot, value):
        original, current = self.before.get(slot, 0), self.storage.get(slot, 0)
        assert value, "the refund for a cleared slot is not here"
        self.gas += self.heat(slot)
        if value == current or current != original:
            self.gas += 100
        else:
            self.gas += 2900 if original else 20000
        if value == original != current:
            self.refund += 2800 if original else 19900
        self.storage[slot] = value

    def run(self):
        """Success and output."""
        while True:
            name = NAMES[self.code[self.at]] if self.at < len(self.code) else "STOP"
            self.at += 1
            if name == "STOP":
                return True, b""
            if name in ("RETURN", "REVERT"):
                return name == "RETURN", self.touch(*self.pop(2))
            self.step(name)

    def step(self, name):
        push = self.stack.append
        self.gas += FIXED.get(name, 0)
        if name[:4] == "PUSH":
            length = int(name[4:])
            push(int.from_bytes(self.code[self.at : self.at + length], "big"))
            self.at += length
            self.gas += 3 if length else 0
        elif name[:3] == "DUP":
            push(self.stack[-int(name[3:])])
            self.gas += 3
        elif name[:4] == "SWAP":
            other = -1 - int(name[4:])
            self.stack[-1], self.stack[other] = self.stack[other], self.stack[-1]
            self.gas += 3
        elif name in ("ADD", "SUB", "LT", "EQ", "SHR"):
            left, right = self.pop(2)
            push({
                "ADD": left + right & WORD,
                "SUB": left - right & WORD,
                "LT": int(left < right),
                "EQ": int(left == right),
                "SHR": right >> min(left, 256),
            }[name])
        elif name == "ISZERO":
            push(int(self.stack.pop() == 0))
        elif name == "CALLER":
            push(CALLER)
        elif name == "CALLDATALOAD":
            start = self.stack.pop()
            push(int.from_bytes(self.data[start : start + 32].ljust(32, b"\0"), "big"))
        elif name == "KECCAK256":
            hashed = self.touch(*self.pop(2))
            push(int.from_bytes(keccak256(hashed), "big"))
            self.gas += 30 + 6 * -(-len(hashed) // 32)
        elif name == "MSTORE":
            start, value = self.pop(2)
            self.touch(start, 32)
            self.memory[start : start + 32] = value.to_bytes(32, "big")
            self.gas += 3
        elif name == "SLOAD":
            slot = self.stack.pop()
            push(self.storage.get(slot, 0))
            self.gas += self.heat(slot) or 100
        elif name == "SSTORE":
            self.store(*self.pop(2))
        elif name == "LOG3":
            data = self.touch(*self.pop(2))
            self.logs.append((self.pop(3), data))
            self.gas += 4 * 375 + 8 * len(data)
        elif name == "JUMPI":
            target, condition = self.pop(2)
            self.at = self.land(target) if condition else self.at
        elif name == "JUMP":
            self.at = self.land(self.stack.pop())

    def land(self, target):
        assert NAMES[self.code[target]] == "JUMPDEST"
        return target


def transact(account, data):
    """Calls the account in a transaction of its own; the account's storage changes."""
    frame = Frame(account, data)
    success, output = frame.run()
    zeros = data.count(0)
    gas = 21000 + 4 * zeros + 16 * (len(data) - zeros) + frame.gas
    if success:
        account.storage = frame.storage
        gas -= min(frame.refund, gas // 5)
    # EIP-7623: data has a least price.
    gas = max(gas, 21000 + 10 * (zeros + 4 * (len(data) - zeros)))
    return Receipt(success, gas, output, frame.logs if success else [])
