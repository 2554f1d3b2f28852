// A block's 75 bytes, field by field, and its hash, computed in the browser.

import { sha256 } from './sha256.js';

/** The fields in order, with their places and meanings. */
export const FIELDS = [
  { name: 'size', offset: 0, length: 1, isHashed: false, about: 'the length of the block, including this byte' },
  { name: 'version', offset: 1, length: 1, isHashed: true, about: 'the version of this format' },
  { name: 'previous hash', offset: 2, length: 32, isHashed: true, about: 'the name of the block before: this makes it a chain' },
  { name: 'timestamp', offset: 34, length: 4, isHashed: true, about: 'when the search began' },
  { name: 'nonce', offset: 38, length: 32, isHashed: true, about: 'the number that was tried until the hash was low enough' },
  { name: 'transactions', offset: 70, length: 1, isHashed: false, about: 'how many there are: only the reward' },
  { name: 'sender', offset: 71, length: 2, isHashed: false, about: 'the reward comes from nobody' },
  { name: 'receiver', offset: 73, length: 2, isHashed: false, about: 'the port of the node that found the block and earns the reward' },
];

/** A block has this many bytes. */
export const BLOCK_LENGTH = 75;

/** Whether there are as many digits as a block has: a recording may have more or fewer. */
export const areBlock = (digits) => digits?.length === 2 * BLOCK_LENGTH;

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

/** The bytes of the field with this name. */
export function fieldOf(bytes, name) {
  const { offset, length } = FIELDS.find((field) => field.name === name);
  return bytes.subarray(offset, offset + length);
}

/** The number in the field with this name. */
export function numberOf(bytes, name) {
  return BigInt(`0x${toHex(fieldOf(bytes, name))}`);
}

/** Writes a number, decimal or hexadecimal with `0x`, into the field with this name. */
export function writeField(bytes, name, text) {
  const part = fieldOf(bytes, name);
  const most = 2n ** BigInt(part.length * 8) - 1n;
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text) || BigInt(text) > most) {
    throw new Error(`the ${name} is a number from 0 to ${most < 2n ** 53n ? most : `0x${most.toString(16)}`}, decimal or with 0x in front`);
  }
  part.set(fromHex(BigInt(text).toString(16).padStart(part.length * 2, '0')));
}

/** A field's number as a person would type it: hexadecimal if it is long. */
export function typedValue(bytes, name) {
  const number = numberOf(bytes, name);
  return number < 2n ** 53n ? String(number) : `0x${number.toString(16)}`;
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

/** SHA-256 twice over the header, both results as digits. */
export function hashOf(bytes) {
  const once = sha256(bytes.slice(HEADER.start, HEADER.end));
  return { once: toHex(once), twice: toHex(sha256(once)) };
}

/** The number of leading zero bits. */
export function leadingZeroBits(digits) {
  const zeros = digits.match(/^0*/)[0].length;
  if (zeros === digits.length) return zeros * 4;
  return zeros * 4 + Math.clz32(Number.parseInt(digits[zeros], 16)) - 28;
}
