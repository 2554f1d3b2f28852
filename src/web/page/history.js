// All changes in the order of their times, and models of any moment of them.

import { Blocks } from './blocks.js';
import { Messages } from './messages.js';
import { apply, createModel } from './model.js';
import { countUpTo, insert } from './times.js';

/** How much of a live network is kept for the replay. */
export const KEPT_MS = 15 * 60 * 1000;

/** More changes than this of a live network are not kept, however recent they are. */
const KEPT_CHANGES = 40000;

/** To forget less than this at once is not worth folding anew. */
const WORTHWHILE = 2000;

/** A model that has folded the changes of a history up to some index. */
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
    const { changes, blocks } = this.history;
    if (end < this.index) this.reset();
    while (this.index < end) apply(this.model, changes[this.index++], blocks);
    return this.model;
  }
}

/** All that one source has told, beginning with a model of what is too long ago to be kept. */
export class History {
  constructor() {
    this.blocks = new Blocks();
    this.messages = new Messages();
    this.changes = [];
    this.base = createModel();
    this.liveCursor = new Cursor(this);
    this.pastCursor = new Cursor(this);
  }

  /** Puts a change in its place. One that comes late makes the models fold again. */
  add(change) {
    if (change.type === 'message') return this.messages.add(change);
    if (change.type === 'block' && !this.learn(change)) return;
    const index = insert(this.changes, change);
    for (const cursor of [this.liveCursor, this.pastCursor]) {
      if (index < cursor.index) cursor.reset();
    }
  }

  /** Learns of a block; returns whether its change says anything to the fold. */
  learn({ at, block }) {
    const isNew = !this.blocks.has(block.hash);
    this.blocks.add(block);
    return isNew && at > 0;
  }

  /** The network as it is now. */
  live() {
    return this.liveCursor.moveTo(this.changes.length);
  }

  /** The network as it was at `at`. */
  past(at) {
    return this.pastCursor.moveTo(countUpTo(this.changes, at));
  }

  /** The first moment that can be shown. Settings are dated 0 and do not count. */
  firstMs() {
    const dated = this.changes.find((change) => change.type === 'event' || change.type === 'status');
    return dated ? dated.at : null;
  }

  /** The moment of the last change. */
  lastMs() {
    return this.changes.at(-1)?.at ?? null;
  }

  /** Forgets what is too long ago: folds it into the model that all others begin with. */
  prune(now) {
    this.messages.prune();
    const tooOld = countUpTo(this.changes, now - KEPT_MS);
    const tooMany = this.changes.length - KEPT_CHANGES;
    const count = Math.max(tooOld, tooMany);
    // Settings alone are no reason to fold again.
    const isLong = count >= WORTHWHILE;
    if (isLong) for (const change of this.changes.splice(0, count)) apply(this.base, change, this.blocks);
    const old = this.blocks.forgetOld(WORTHWHILE);
    for (const hash of old) {
      this.base.seen.delete(hash);
      this.base.rows.delete(hash);
    }
    if (!isLong && old.length === 0) return;
    this.liveCursor.reset();
    this.pastCursor.reset();
  }
}
