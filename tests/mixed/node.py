"""A mining node as in the Python tutorial, to test our nodes with.

    NODE_IP=127.0.0.1 python3 node.py 9000

It sends to the ports 7000, 8000 and 9000 of NODE_IP. To be faster, tests set
ZERO_BITS, NONCES and LISTEN (in seconds); the defaults are the tutorial's. The node
knows no frames, no rules beyond the tutorial's, and no chains of more than
9,216 bytes.
"""

import hashlib
import os
import socket
import sys
import time

NODE_IP = os.environ["NODE_IP"]
NODE_PORTS = [7000, 8000, 9000]
ZERO_BITS = int(os.environ.get("ZERO_BITS", "16"))
NONCES = int(os.environ.get("NONCES", "1000"))
LISTEN = float(os.environ.get("LISTEN", "1"))

BLOCK_LEN = 75
MAX_MESSAGE_LEN = 9216


def double_hash(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def meets_target(digest):
    return int.from_bytes(digest, "big") >> (256 - ZERO_BITS) == 0


def header(previous, timestamp, nonce):
    return bytes([0]) + previous + timestamp.to_bytes(4, "big") + nonce.to_bytes(32, "big")


def block(head, receiver):
    transaction = (0).to_bytes(2, "big") + receiver.to_bytes(2, "big")
    return bytes([BLOCK_LEN]) + head + bytes([1]) + transaction


def genesis():
    head = header(bytes(32), 1634700000, 70822)
    return double_hash(head), block(head, 7000)


def validate(chain):
    """The tip's hash if each block names the one before and has its proof of work."""
    previous = bytes(32)
    for start in range(0, len(chain), BLOCK_LEN):
        head = chain[start + 1 : start + 70]
        if head[1:33] != previous:
            return None
        previous = double_hash(head)
        if start > 0 and not meets_target(previous):
            return None
        if start == 0 and previous != GENESIS_HASH:
            return None
    return previous if len(chain) % BLOCK_LEN == 0 and chain else None


def search(previous, timestamp, nonce):
    for tried in range(nonce, nonce + NONCES):
        head = header(previous, timestamp, tried)
        if meets_target(double_hash(head)):
            return head
    return None


def say(line):
    print(line, flush=True)


def run(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((NODE_IP, port))
    tip, chain = GENESIS_HASH, GENESIS_BLOCK
    timestamp, nonce = int(time.time()), 0
    while True:
        try:
            sock.settimeout(LISTEN)
            theirs, _ = sock.recvfrom(MAX_MESSAGE_LEN)
            found = validate(theirs)
            if found is None or len(theirs) <= len(chain):
                say("IGNORE blockchain...")
                continue
            tip, chain = found, theirs
            count = len(chain) // BLOCK_LEN
            say(f"COPY block {count - 1}: {tip.hex()}!")
            rest = (port + count) % 3 + 1
            say(f"SLEEP for {rest} seconds...")
            time.sleep(rest * LISTEN)
        except socket.timeout:
            say(f"TRY up to {nonce}...")
            head = search(tip, timestamp, nonce)
            if head is None:
                nonce += NONCES
                continue
            tip, chain = double_hash(head), chain + block(head, port)
            for other in NODE_PORTS:
                if other != port:
                    sock.sendto(chain, (NODE_IP, other))
            say(f"CREATE block {len(chain) // BLOCK_LEN - 1}: {tip.hex()}!")
        timestamp, nonce = int(time.time()), 0


GENESIS_HASH, GENESIS_BLOCK = genesis()

if __name__ == "__main__":
    run(int(sys.argv[1]))
