// Datagrams as the nodes send them (src/wire.rs), with any content.

import { toHex } from './bytes.js';

/** The start of a frame of blocks: a zero, the version of frames, and its kind. */
const HEAD = [0, 1, 1];

/** The digits of a frame's number, for a frame that answers no question. */
const NUMBER = '00'.repeat(8);

const digits = (number) => number.toString(16).padStart(8, '0');

/**
 * The datagram, as digits, with which a node announces blocks of its chain. The first is
 * at `height`, and the chain has `count` blocks. From the genesis block on the datagram
 * is only the blocks.
 */
export function announcement({ blocks, height, count }) {
  const bytes = blocks.map(toHex).join('');
  return height === 0 ? bytes : toHex(HEAD) + NUMBER + digits(count) + digits(height) + bytes;
}
