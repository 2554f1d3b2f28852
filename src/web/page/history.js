// All changes in the order of their times, and models of any moment of them.

import { apply, createModel } from './model.js';

/** How much is kept for the replay. */
export const KEPT_MS = 15 * 60 * 1000;

/** More changes than this are not kept, however recent they are. */
const KEPT_CHANGES = 40000;

/** A model that has folded the first so many changes of a history. */
class Cursor {
  constructor(history) {
    this.history = history;
    this.reset();
  }

  reset() {
    this.model = structuredClone(this.history.base);
    this.index = 0;
  }

  /** Folds on until the change at `end`, or starts over if that lies behind. */
  moveTo(end) {
    const { changes, facts } = this.history;
    if (end < this.index) this.reset();
    while (this.index < end) apply(this.model, changes[this.index++], facts);
    return this.model;
  }
}

/** The changes since the page was opened, and what the nodes still held from before. */
export class History {
  constructor() {
    this.facts = new Map();
    this.changes = [];
    this.base = createModel();
    this.liveCursor = new Cursor(this);
    this.pastCursor = new Cursor(this);
  }

  /** Learns of a block; says when it was first seen, if that is known. */
  addFact(block, seenMs) {
    const known = this.facts.get(block.hash);
    if (!known || known.timestamp === null) this.facts.set(block.hash, block);
    if (!known && seenMs) this.add({ type: 'seen', at: seenMs, hash: block.hash });
  }

  /** Puts a change in its place. One that comes late makes the models fold again. */
  add(change) {
    let index = this.changes.length;
    while (index > 0 && this.changes[index - 1].at > change.at) index -= 1;
    this.changes.splice(index, 0, change);
    for (const cursor of [this.liveCursor, this.pastCursor]) {
      if (index < cursor.index) cursor.reset();
    }
  }

  /** The network as it is now. */
  live() {
    return this.liveCursor.moveTo(this.changes.length);
  }

  /** The network as it was at `at`. */
  past(at) {
    return this.pastCursor.moveTo(this.countUpTo(at));
  }

  /** How many changes happened until `at`. */
  countUpTo(at) {
    let [low, high] = [0, this.changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.changes[middle].at <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The first moment that can be replayed. Settings are dated 0 and do not count. */
  firstMs() {
    const dated = this.changes.find((change) => change.type === 'event' || change.type === 'status');
    return dated ? dated.at : null;
  }

  /** Forgets what is too long ago: folds it into the model that all others begin with. */
  prune(now) {
    const tooOld = this.countUpTo(now - KEPT_MS);
    const tooMany = this.changes.length - KEPT_CHANGES;
    const count = Math.max(tooOld, tooMany);
    // Settings alone are no reason to fold again.
    if (count < 2000) return;
    for (const change of this.changes.splice(0, count)) apply(this.base, change, this.facts);
    this.liveCursor.reset();
    this.pastCursor.reset();
  }
}
