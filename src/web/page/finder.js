// Finds one block of the chain: by its height, by its hash, or by the page's address.

import { byId } from './dom.js';

/** The number of old blocks in one request; a node gives at most 500. */
const AT_ONCE = 100;

/** A request that failed is not repeated before this time. */
const AGAIN_MS = 3000;

/**
 * The form that goes to a block, and requests for blocks that are not known yet.
 * `shown()` gives the current {source, blocks, model}; `onFound(block)` is called with
 * the block that was found; `say` reports one that was not.
 */
export class Finder {
  constructor({ shown, onFound, say }) {
    Object.assign(this, { shown, onFound, say });
    this.askedAt = -Infinity;
    byId('go').addEventListener('submit', (event) => {
      event.preventDefault();
      this.go(byId('go-to').value.trim().replace(/^#/, '').toLowerCase());
    });
  }

  async go(text) {
    const { source } = this.shown();
    try {
      const found = await this.find(text);
      if (this.shown().source === source) this.onFound(found);
    } catch (error) {
      this.say(`Block ${text} is not found: ${error.message}.`);
    }
  }

  /** A block {hash, height} by height or hash; the first digits of a hash are enough if the page knows the block. */
  find(text) {
    const { blocks, model, source } = this.shown();
    if (/^\d{1,9}$/.test(text)) return this.findHeight(Number(text));
    if (!/^[0-9a-f]{4,128}$/.test(text)) throw new Error('a height is a number, a hash has digits from 0 to f');
    for (const block of blocks.values()) {
      if (block.hash.startsWith(text) && (model.seen.has(block.hash) || block.settled)) return block;
    }
    if (!source.can.has('blocks')) throw new Error('the recording does not have it');
    return source.block(text);
  }

  findHeight(height) {
    const { blocks, model } = this.shown();
    if (height > model.top) throw new Error(`the highest has height ${model.top}`);
    const known = blocks.at(height).find((block) => model.seen.has(block.hash) || block.settled);
    return known ?? { height };
  }

  /** Asks for blocks of these heights, unless it did so a moment ago. */
  async fetch(from, to) {
    const { source } = this.shown();
    const isAgain = from === this.asked && performance.now() - this.askedAt < AGAIN_MS;
    if (!source.can.has('older') || isAgain) return;
    Object.assign(this, { asked: from, askedAt: performance.now() });
    await source.older(from, Math.min(AT_ONCE, to - from + 1)).catch(() => {});
  }
}
