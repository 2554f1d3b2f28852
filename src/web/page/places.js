// The places of things that move: each slides from its current place to its target.

import { isCalm } from './dom.js';

/** How long a thing slides to its new place. */
const SLIDE_MS = 600;

/** The places of all things, by key. */
export class Places {
  constructor() {
    this.now = new Map();
    this.moves = new Map();
  }

  /** Sets a thing's target; a new thing is there at once. */
  aim(key, x, y, time) {
    const at = this.now.get(key);
    const move = this.moves.get(key);
    if (!at || isCalm()) {
      this.now.set(key, { x, y });
      this.moves.delete(key);
    } else if (move ? move.x !== x || move.y !== y : at.x !== x || at.y !== y) {
      this.moves.set(key, { from: at, x, y, start: time });
    }
  }

  /** Moves everything to its place at this time. */
  step(time) {
    for (const [key, { from, x, y, start }] of this.moves) {
      const part = Math.min(1, (time - start) / SLIDE_MS);
      const eased = 1 - (1 - part) ** 3;
      this.now.set(key, { x: from.x + (x - from.x) * eased, y: from.y + (y - from.y) * eased });
      if (part === 1) this.moves.delete(key);
    }
  }

  /** Forgets all things but these. */
  keep(keys) {
    for (const key of this.now.keys()) {
      if (keys.has(key)) continue;
      this.now.delete(key);
      this.moves.delete(key);
    }
  }
}
