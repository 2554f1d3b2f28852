// A block, the data that the rules need of the blocks before it, and the blocks after it.

import { chainFrom } from './blocks.js';
import { areBlock, fromHex } from './bytes.js';
import { standing } from './groups.js';
import { MEDIAN_BLOCKS } from './rules.js';

/** The number of blocks shown after the one opened. */
const FOLLOWING = 20;

/**
 * Loads {hash, height, before, blocks, times, more}: the bytes of a block and of
 * those before and after it, the timestamps before it, and how many more follow.
 */
export async function loadStretch(hash, { source, blocks, model }) {
  const known = blocks.get(hash);
  const first = areBlock(known?.bytes) ? known : await bytesOf(hash, source);
  if (source.can.has('older')) {
    await source.older(Math.max(0, first.height - MEDIAN_BLOCKS), MEDIAN_BLOCKS + 1 + FOLLOWING).catch(() => {});
  }
  const times = [];
  for (const { timestamp } of chainFrom(first.previous, blocks)) {
    if (timestamp === null || times.length === MEDIAN_BLOCKS) break;
    times.unshift(timestamp);
  }
  const after = following(first, blocks, standing(model, blocks, first.height));
  const stretch = [first];
  for (const block of after.slice(0, FOLLOWING)) {
    const loaded = areBlock(block.bytes) ? block : await bytesOf(block.hash, source).catch(() => null);
    if (!loaded) break;
    stretch.push(loaded);
  }
  const { height, previous } = first;
  const below = height > 0 ? (areBlock(blocks.get(previous)?.bytes) ? blocks.get(previous) : await bytesOf(previous, source).catch(() => null)) : null;
  const before = below && fromHex(below.bytes);
  return { hash, height, before, times, blocks: stretch.map(({ bytes }) => fromHex(bytes)), more: after.length - stretch.length + 1 };
}

async function bytesOf(hash, source) {
  if (!source.can.has('blocks')) throw new Error('the recording does not have them');
  return source.block(hash);
}

/** The blocks after this one; at a fork, the branch that most nodes have. */
function following(block, blocks, on) {
  const count = ({ hash }) => on.get(hash)?.length ?? 0;
  const after = [];
  for (let last = block; last; ) {
    const next = blocks.at(last.height + 1).filter(({ previous }) => previous === last.hash);
    last = next.sort((a, b) => count(b) - count(a))[0];
    if (last) after.push(last);
  }
  return after;
}
