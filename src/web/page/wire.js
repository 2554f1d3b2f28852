// Datagrams as the nodes send them (src/wire.rs): what a liar would write.

import { toHex } from './bytes.js';

/** What a frame of blocks begins with: a zero, the version of frames, and its kind. */
const HEAD = [0, 1, 1];

/** Digits of a frame's number: that of no question. */
const NUMBER = '00'.repeat(8);

const digits = (number) => number.toString(16).padStart(8, '0');

/**
 * A datagram, as digits, with which a node would tell of blocks of its chain, the first
 * of them at `height`; its chain is to have `count` blocks. From the genesis block on
 * it is the blocks alone.
 */
export function announcement({ blocks, height, count }) {
  const bytes = blocks.map(toHex).join('');
  return height === 0 ? bytes : toHex(HEAD) + NUMBER + digits(count) + digits(height) + bytes;
}
