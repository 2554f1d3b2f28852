// The blocks that the page knows, by hash and by height.
//
// A block never changes: {hash, height, previous, miner, timestamp}, and where
// they are known `work`, `bytes`, and `settled`. A settled block is one from far
// back in the chain, asked for because the page was scrolled there: no change of
// the network is about it.

/** The newest heights, which are always kept. */
export const KEPT_HEIGHTS = 5000;

/** The greatest number of settled blocks that are kept. */
const KEPT_SETTLED = 2000;

/** Blocks, a bounded number of them once `forgetOld` is called now and then. */
export class Blocks {
  constructor() {
    this.byHash = new Map();
    this.byHeight = new Map();
    /** The height of the highest block, -1 where there is none. */
    this.top = -1;
    /** Blocks below this height were forgotten, and only come back as settled ones. */
    this.lowest = 0;
    /** Settled blocks, the one that was added first in front. */
    this.settled = new Set();
  }

  get size() {
    return this.byHash.size;
  }

  get(hash) {
    return this.byHash.get(hash);
  }

  has(hash) {
    return this.byHash.has(hash);
  }

  values() {
    return this.byHash.values();
  }

  /** The block before this one, if it is known. What a recording names there may be any block: it counts at its height alone. */
  before({ height, previous }) {
    const named = this.byHash.get(previous);
    return named?.height === height - 1 ? named : undefined;
  }

  /** All blocks of a height. */
  at(height) {
    return [...(this.byHeight.get(height) ?? [])].map((hash) => this.byHash.get(hash));
  }

  /** Learns of a block. What was only guessed gives way to what is told. */
  add(block) {
    const known = this.byHash.get(block.hash);
    if (known && known.timestamp !== null) {
      if (block.bytes) known.bytes = block.bytes;
      return;
    }
    if (block.height < this.lowest && !block.settled) return;
    this.byHash.set(block.hash, block);
    if (!this.byHeight.has(block.height)) this.byHeight.set(block.height, new Set());
    this.byHeight.get(block.height).add(block.hash);
    this.top = Math.max(this.top, block.height);
    if (block.settled) this.settled.add(block.hash);
  }

  /** Forgets what is far behind the newest block, at least `fewest` at once; returns the hashes. */
  forgetOld(fewest = 1) {
    const excess = this.settled.size - KEPT_SETTLED;
    const old = excess > 0 ? [...this.settled].slice(0, excess) : [];
    for (const hash of old) this.remove(hash);
    // Looking through them all is only worthwhile when there are many too many.
    if (this.size - this.settled.size < KEPT_HEIGHTS + fewest) return old;
    this.lowest = this.top - KEPT_HEIGHTS;
    for (const { hash, height, settled } of [...this.values()]) {
      if (height >= this.lowest || settled) continue;
      this.remove(hash);
      old.push(hash);
    }
    return old;
  }

  remove(hash) {
    const { height } = this.byHash.get(hash);
    this.byHash.delete(hash);
    this.settled.delete(hash);
    const rivals = this.byHeight.get(height);
    rivals.delete(hash);
    if (rivals.size === 0) this.byHeight.delete(height);
  }
}

/**
 * What a chain that ends with this block weighs: of two chains nodes follow the
 * heavier. In the tutorial's network that is the longer one; where a block tells
 * its chain's `work`, that decides.
 */
export function weightOf(block) {
  return block.work ?? block.height;
}

/** The blocks from a tip back to genesis, or as far back as they are known. */
export function* chainFrom(tip, blocks, lowest = 0) {
  for (let block = blocks.get(tip); block && block.height >= lowest; block = blocks.before(block)) {
    yield block;
  }
}

/** The last block that two chains share. */
export function forkPoint(a, b, blocks) {
  let [left, right] = [blocks.get(a), blocks.get(b)];
  while (left && right && left.hash !== right.hash) {
    if (left.height >= right.height) left = blocks.before(left);
    else right = blocks.before(right);
  }
  return left && right ? left : null;
}
