"""A node of the tutorial with one fault or one oddity, to test the checker with.

    FAULT=tie NODE_IP=127.0.0.1 python3 faulty.py 7000

It is tests/mixed/node.py with a few words replaced.
"""

import os
import pathlib
import sys

FAULTS = {
    "none": [],
    # Which chains it adopts.
    "tie": [("len(theirs) <= len(chain)", "len(theirs) < len(chain)")],
    "shorter": [("found is None or len(theirs) <= len(chain)", "found is None")],
    "proof-of-work": [("start > 0 and not meets_target(previous)", "False")],
    "previous-hash": [("head[1:33] != previous", "False")],
    "any-genesis": [("start == 0 and previous != GENESIS_HASH", "False")],
    "cut": [
        ("len(chain) % BLOCK_LEN == 0 and chain", "chain"),
        ("range(0, len(chain), BLOCK_LEN)", "range(0, len(chain) // 75 * 75, BLOCK_LEN)"),
    ],
    "stubborn": [("if found is None or", "if True or")],
    "stubborn-quick": [
        ("if found is None or", "if True or"),
        ("sock.settimeout(LISTEN)", "sock.settimeout(0.3)"),
    ],
    # Which messages end it.
    "empty-ends-it": [("found = validate(theirs)", "theirs[0]; found = validate(theirs)")],
    "cut-ends-it": [
        ("found = validate(theirs)", "assert not theirs or len(theirs) % 75 == 0; found = validate(theirs)")
    ],
    "invalid-ends-it": [("if found is None or", "assert found; 0\n            if")],
    "keeps-part": [
        ("found = validate(theirs)",
         "parts = (theirs[:end] for end in range(len(theirs), 74, -1))\n"
         "            theirs = next((part for part in parts if validate(part)), b'')\n"
         "            found = validate(theirs)")
    ],
    # Which blocks it makes.
    "own-genesis": [("70822", "70823")],
    "hash-once": [("hashlib.sha256(hashlib.sha256(data).digest())", "hashlib.sha256(data)")],
    "old-tip": [("tip, chain = found, theirs", "chain = theirs")],
    "little-endian": [
        ("search(tip, timestamp, nonce)",
         "search(tip, int.from_bytes(timestamp.to_bytes(4, 'big'), 'little'), nonce)")
    ],
    "receiver": [("block(head, port)", "block(head, 1)")],
    "easy": [("(256 - ZERO_BITS)", "(256 - 12)")],
    "size": [("return bytes([BLOCK_LEN])", "return bytes([74])")],
    # What it sends, where to, and when.
    "one-port": [("if other != port:", "if other == 8000:")],
    "alone": [("sock.sendto(chain,", "sock.sendto(chain[-75:],")],
    "hasty": [("sock.settimeout(LISTEN)", "sock.settimeout(0.001)")],
    "silent": [("sock.sendto(chain,", "(chain,")],
    # Where it listens.
    "localhost": [('os.environ["NODE_IP"]', '"127.0.0.1"')],
    "other-port": [("sock.bind((NODE_IP, port))", "sock.bind((NODE_IP, port + 1))")],
    # How its process behaves.
    "floods": [("def say(line):", "def say(line):\n    print('x' * 20_000_000)")],
    "deaf": [("import time", "import time, signal; signal.signal(15, signal.SIG_IGN)")],
    "forks": [("import time", "import time; os.fork() and (time.sleep(0.1), os._exit(0))")],
    # Oddities that are not faults.
    "drawn": [("range(nonce, nonce + NONCES)",
               "(int.from_bytes(os.urandom(32), 'big') for _ in range(NONCES))")],
    "from-one": [("range(nonce, nonce + NONCES)", "range(nonce + 1, nonce + NONCES + 1)")],
    "clock-ahead": [("import time", "import time; clock = time.time; time.time = lambda: clock() + 2")],
    "clock-behind": [("import time", "import time; clock = time.time; time.time = lambda: clock() - 2")],
    "late": [("for other in NODE_PORTS:", "time.sleep(5)\n            for other in NODE_PORTS:")],
    "mines-first": [("sock.settimeout(LISTEN)", "sock.settimeout(LISTEN if nonce else 0.001)")],
    "frames": [("sock.sendto(chain,", "sock.sendto(bytes(3), (NODE_IP, other)); sock.sendto(chain,")],
    "restless": [("time.sleep(rest * LISTEN)", "pass")],
}
FAULTS["late-tie"] = FAULTS["late"] + FAULTS["tie"]

if __name__ == "__main__":
    source = (pathlib.Path(__file__).parent / "../mixed/node.py").read_text()
    for old, new in FAULTS[os.environ.get("FAULT", "none")]:
        assert source.count(old) == 1, f"{source.count(old)} times {old!r}"
        source = source.replace(old, new)
    exec(compile(source, "node.py", "exec"))
