// The blocks that the page knows, by hash and by height.
//
// A block never changes: {hash, height, previous, miner, timestamp}, and `work`,
// `bytes` and `settled` if they are known. A settled block is far back in the chain;
// the page asked for it after a scroll, and no change of the network concerns it.

/** The newest heights, which are always kept. */
export const KEPT_HEIGHTS = 5000;

/** The greatest number of settled blocks that are kept. */
const KEPT_SETTLED = 2000;

/** Blocks; regular calls of `forgetOld` bound their number. */
export class Blocks {
  constructor() {
    this.byHash = new Map();
    this.byHeight = new Map();
    /** The height of the highest block, or -1 if there is none. */
    this.top = -1;
    /** Blocks below this height were forgotten; they only come back as settled blocks. */
    this.lowest = 0;
    /** Settled blocks, in the order in which they were added. */
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

  /** The block before this one, if it is known. A recording may name any block there; only one of the right height counts. */
  before({ height, previous }) {
    const named = this.byHash.get(previous);
    return named?.height === height - 1 ? named : undefined;
  }

  /** All blocks of a height. */
  at(height) {
    return [...(this.byHeight.get(height) ?? [])].map((hash) => this.byHash.get(hash));
  }

  /** Adds a block. A reported block replaces a guessed one. */
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

  /** Forgets the blocks far behind the newest one, at least `fewest` at once; returns their hashes. */
  forgetOld(fewest = 1) {
    const excess = this.settled.size - KEPT_SETTLED;
    const old = excess > 0 ? [...this.settled].slice(0, excess) : [];
    for (const hash of old) this.remove(hash);
    // A pass over all blocks is only worthwhile if there are many to forget.
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
 * The weight of the chain that ends with this block: of two chains, nodes follow the
 * heavier. In the tutorial's network that is the longer one; if a block has its
 * chain's `work`, that decides.
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
