// Messages on their way: every datagram that a node was sent, and where it is at a
// moment. They stand beside the fold, as nothing follows from them.

import { countUpTo, insert } from './times.js';

/** A dot takes as long as its datagram, but at least so long that one can follow it. */
const SHOWN_MS = 1200;

/** Longer than any datagram takes; a recording that claims more is cut short here. */
const MAX_DELAY_MS = 10000;

/** What became of a datagram is seen for so long after it. */
const LINGER_MS = 900;

/** More than these of a live network are not kept, however recent they are. */
export const KEPT_MESSAGES = 5000;

/** All messages that a source has told, in the order of their times. */
export class Messages {
  constructor() {
    this.all = [];
  }

  /** Takes a change of the kind `message`. */
  add(change) {
    insert(this.all, change);
  }

  /** Keeps the newest alone. */
  prune() {
    if (this.all.length > KEPT_MESSAGES) this.all.splice(0, this.all.length - KEPT_MESSAGES);
  }

  /** Where all are that can be seen at a moment: {message, part, fate}. */
  at(now, model) {
    const seen = [];
    for (let index = countUpTo(this.all, now) - 1; index >= 0; index -= 1) {
      const message = this.all[index];
      if (message.at < now - MAX_DELAY_MS - LINGER_MS) break;
      const age = now - message.at;
      const duration = durationOf(message);
      if (age < duration + LINGER_MS) seen.push({ message, part: Math.min(1, age / duration), fate: fateOf(message, model) });
    }
    return seen;
  }
}

/** How long a dot is on its way. */
function durationOf({ delay }) {
  return Math.min(MAX_DELAY_MS, Math.max(SHOWN_MS, delay));
}

/** What becomes of a datagram: `lost` on its way, `refused` by a node that was told to, or `heard`. */
function fateOf({ id, from, isLost }, model) {
  if (isLost) return 'lost';
  return model.nodes.get(id)?.refused.has(from) ? 'refused' : 'heard';
}
