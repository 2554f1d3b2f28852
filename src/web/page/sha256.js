// SHA-256 (FIPS 180-4), written out: a browser's own one is only for pages from the same
// machine or over an encrypted connection, and hashes only one message at a time.

/** The first 32 bits of the fractional part of `root`: the standard derives its constants this way. */
const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;

const PRIMES = [];
for (let number = 2; PRIMES.length < 64; number += 1) {
  if (PRIMES.every((prime) => number % prime !== 0)) PRIMES.push(number);
}

/** The constants: from the cube roots of the first 64 primes, and the square roots of the first eight. */
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** The number of bytes in a block of a message. */
export const CHUNK = 64;

/** The initial state. */
export const start = () => START.slice();

const words = new Int32Array(64);

/** Compresses the 64 bytes at `offset` into the state, in place. */
export function compress(state, bytes, offset = 0) {
  for (let i = 0; i < 16; i += 1) {
    const at = offset + i * 4;
    words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const [x, y] = [words[i - 15], words[i - 2]];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i] + words[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0;
    d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/** Writes a state as 32 bytes. */
export function writeState(state, bytes, offset = 0) {
  for (let i = 0; i < 32; i += 1) bytes[offset + i] = state[i >> 2] >>> (24 - (i % 4) * 8);
}

/** Writes the end of a message of `length` bytes: a one bit, zeros, and its length in bits. */
export function pad(bytes, end, length) {
  bytes.fill(0, end);
  bytes[end] = 0x80;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, length * 8);
}

/** The SHA-256 of some bytes. */
export function sha256(message) {
  const chunks = new Uint8Array(Math.ceil((message.length + 9) / CHUNK) * CHUNK);
  chunks.set(message);
  pad(chunks, message.length, message.length);
  const state = start();
  for (let offset = 0; offset < chunks.length; offset += CHUNK) compress(state, chunks, offset);
  const digest = new Uint8Array(32);
  writeState(state, digest);
  return digest;
}
