// All changes in order of time, and the model of any moment.

import { Blocks } from './blocks.js';
import { Messages } from './messages.js';
import { apply, createModel } from './model.js';
import { countUpTo, insert } from './times.js';

/** How much time of a live network is kept for the replay. */
export const KEPT_MS = 15 * 60 * 1000;

/** The most changes of a live network that are kept, however recent they are. */
const KEPT_CHANGES = 40000;

/** The fewest changes to forget at once: fewer are not worth folding again. */
const WORTHWHILE = 2000;

/** A model that has folded a history's changes up to an index. */
class Cursor {
  constructor(history) {
    this.history = history;
    this.reset();
  }

  reset() {
    this.model = structuredClone(this.history.base);
    this.index = 0;
  }

  /** Folds up to the change at `end`, and starts over if the model is past it. */
  moveTo(end) {
    const { changes, blocks } = this.history;
    if (end < this.index) this.reset();
    while (this.index < end) apply(this.model, changes[this.index++], blocks);
    return this.model;
  }
}

/** All changes of one source, after a base model of those that are too old to be kept. */
export class History {
  constructor() {
    this.blocks = new Blocks();
    this.messages = new Messages();
    this.changes = [];
    this.base = createModel();
    this.liveCursor = new Cursor(this);
    this.pastCursor = new Cursor(this);
  }

  /** Inserts a change. A late one makes the models fold again. */
  add(change) {
    if (change.type === 'message') return this.messages.add(change);
    if (change.type === 'block' && !this.learn(change)) return;
    const index = insert(this.changes, change);
    for (const cursor of [this.liveCursor, this.pastCursor]) {
      if (index < cursor.index) cursor.reset();
    }
  }

  /** Adds a block; returns whether the fold needs its change. */
  learn({ at, block }) {
    const isNew = !this.blocks.has(block.hash);
    this.blocks.add(block);
    return isNew && at > 0;
  }

  /** The network now. */
  live() {
    return this.liveCursor.moveTo(this.changes.length);
  }

  /** The network at the time `at`. */
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

  /** Forgets old changes: folds them into the base model. */
  prune(now) {
    this.messages.prune();
    const tooOld = countUpTo(this.changes, now - KEPT_MS);
    const tooMany = this.changes.length - KEPT_CHANGES;
    const count = Math.max(tooOld, tooMany);
    // Few changes, such as settings, are not worth folding again.
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
