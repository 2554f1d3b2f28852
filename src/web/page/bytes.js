// A block's 75 bytes, field by field, and its hash computed here and now.

/** The fields in their order: where they are, and what they mean. */
export const FIELDS = [
  { name: 'size', offset: 0, length: 1, isHashed: false, about: 'the length of the block, itself included' },
  { name: 'version', offset: 1, length: 1, isHashed: true, about: 'the version of this format' },
  { name: 'previous hash', offset: 2, length: 32, isHashed: true, about: 'the name of the block before: this makes it a chain' },
  { name: 'timestamp', offset: 34, length: 4, isHashed: true, about: 'when the search began' },
  { name: 'nonce', offset: 38, length: 32, isHashed: true, about: 'the number that was tried until the hash was low enough' },
  { name: 'transactions', offset: 70, length: 1, isHashed: false, about: 'how many there are: only the reward' },
  { name: 'sender', offset: 71, length: 2, isHashed: false, about: 'the reward comes from nobody' },
  { name: 'receiver', offset: 73, length: 2, isHashed: false, about: 'the port of the node that found the block and earns the reward' },
];

/** The part that is hashed: bytes 1 to 69. */
export const HEADER = { start: 1, end: 70 };

/** Hexadecimal digits as bytes. */
export function fromHex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Bytes as hexadecimal digits. */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Each field with its digits and with its value in words. */
export function read(bytes) {
  return FIELDS.map((field) => {
    const part = bytes.slice(field.offset, field.offset + field.length);
    return { ...field, digits: toHex(part), value: valueOf(field, part) };
  });
}

function valueOf({ name }, part) {
  const digits = toHex(part);
  const number = BigInt(`0x${digits}`);
  if (name === 'previous hash') return number === 0n ? 'none: this is the first block' : digits;
  if (name === 'timestamp') return `${number} = ${new Date(Number(number) * 1000).toISOString().replace('.000Z', ' UTC').replace('T', ' ')}`;
  if (name === 'nonce') return splitNonce(number);
  if (name === 'sender') return number === 0n ? '0 = nobody' : String(number);
  return String(number);
}

/** A nonce is a lane, which keeps nodes apart, and a counter in its low 40 bits. */
function splitNonce(nonce) {
  const counter = nonce & ((1n << 40n) - 1n);
  const lane = nonce >> 40n;
  return lane === 0n ? String(counter) : `try ${counter.toLocaleString('en')} in lane 0x${lane.toString(16)}`;
}

/** Whether this browser hashes for this page: it does not for one from afar without encryption. */
export function canHash() {
  return Boolean(globalThis.crypto?.subtle);
}

/** SHA-256 twice over the header, both results as digits. */
export async function hashOf(bytes) {
  const once = await crypto.subtle.digest('SHA-256', bytes.slice(HEADER.start, HEADER.end));
  const twice = await crypto.subtle.digest('SHA-256', once);
  return { once: toHex(new Uint8Array(once)), twice: toHex(new Uint8Array(twice)) };
}

/** How many bits are zero in front. */
export function leadingZeroBits(digits) {
  const zeros = digits.match(/^0*/)[0].length;
  if (zeros === digits.length) return zeros * 4;
  return zeros * 4 + Math.clz32(Number.parseInt(digits[zeros], 16)) - 28;
}
