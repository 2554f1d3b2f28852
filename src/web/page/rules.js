// The rules that a block is held against, in their order, with the names and the
// words of the program (src/rules.rs): so that the page and a node say the same.

import { BLOCK_LENGTH, fieldOf, hashOf, leadingZeroBits, numberOf, toHex } from './bytes.js';

/** How many blocks the median of past timestamps is taken over. */
export const MEDIAN_BLOCKS = 11;

/** The earliest timestamp that may follow these: their median, sorted, element n/2. */
export function earliestAfter(times) {
  const recent = times.slice(-MEDIAN_BLOCKS).sort((a, b) => a - b);
  return recent[Math.floor(recent.length / 2)] ?? 0;
}

/**
 * The first rule that a block breaks, {rule, words}, or null. It follows a block
 * with the hash `previous`; `times` are the timestamps before it, as many as are
 * known. In the place of the genesis block, `genesis` has the only right bytes.
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
