// The rules for a block, in the order, with the names and in the words of the program
// (src/rules.rs), so that the page and a node give the same verdict.

import { BLOCK_LENGTH, fieldOf, hashOf, leadingZeroBits, numberOf, toHex } from './bytes.js';

/** The number of blocks in the median of past timestamps. */
export const MEDIAN_BLOCKS = 11;

/** The earliest timestamp that may follow these: their median, element n/2 when sorted. */
export function earliestAfter(times) {
  const recent = times.slice(-MEDIAN_BLOCKS).sort((a, b) => a - b);
  return recent[Math.floor(recent.length / 2)] ?? 0;
}

/**
 * The first rule that a block breaks, {rule, words}, or null. `previous` is the hash of
 * the block before it; `times` are the known timestamps before it. For the block at
 * height 0, `genesis` has the only valid bytes.
 */
export function faultOf(bytes, { previous, times, zeroBits, genesis }) {
  const value = (name) => Number(numberOf(bytes, name));
  const fault = (rule, words) => ({ rule, words });
  if (value('size') !== BLOCK_LENGTH) return fault('size', `size is ${value('size')}, not ${BLOCK_LENGTH}`);
  if (value('version') !== 0) return fault('version', `version is ${value('version')}, not 0`);
  if (value('transactions') !== 1) return fault('one-transaction', `transaction counter is ${value('transactions')}, not 1`);
  if (value('sender') !== 0) return fault('sender', `sender of the reward is ${value('sender')}, not 0`);
  const { twice } = hashOf(bytes);
  if (genesis) {
    return toHex(bytes) === toHex(genesis) ? null : fault('genesis', `not our genesis block byte for byte (its hash is ${twice})`);
  }
  const named = toHex(fieldOf(bytes, 'previous hash'));
  if (named !== previous) return fault('previous-hash', `previous hash is ${named}, not ${previous}`);
  const zeros = leadingZeroBits(twice);
  if (zeros < zeroBits) return fault('proof-of-work', `hash ${twice} has ${zeros} of ${zeroBits} zero bits`);
  const earliest = earliestAfter(times);
  const time = value('timestamp');
  return time < earliest ? fault('timestamp', `timestamp ${time} is before ${earliest}, the median before it`) : null;
}
