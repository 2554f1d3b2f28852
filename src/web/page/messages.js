// Messages in flight: every datagram that was sent to a node, and its place at a
// moment. They are not part of the fold, because no change depends on them.

import { countUpTo, insert } from './times.js';

/** A dot takes as long as its datagram, but at least this long, so that people can follow it. */
const SHOWN_MS = 1200;

/** No datagram takes longer; a longer delay in a recording is cut to this. */
const MAX_DELAY_MS = 10000;

/** How long the fate of a datagram stays visible after its arrival. */
const LINGER_MS = 900;

/** The most messages of a live network that are kept, however recent they are. */
export const KEPT_MESSAGES = 5000;

/** All messages of a source, in order of time. */
export class Messages {
  constructor() {
    this.all = [];
  }

  /** Adds a change of the type `message`. */
  add(change) {
    insert(this.all, change);
  }

  /** Keeps only the newest. */
  prune() {
    if (this.all.length > KEPT_MESSAGES) this.all.splice(0, this.all.length - KEPT_MESSAGES);
  }

  /** The messages visible at a moment, with their places: {message, part, fate}. */
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

/** How long a dot takes. */
function durationOf({ delay }) {
  return Math.min(MAX_DELAY_MS, Math.max(SHOWN_MS, delay));
}

/** The fate of a datagram: `lost` in flight, `refused` by a node that refuses its sender, or `heard`. */
function fateOf({ id, from, isLost }, model) {
  if (isLost) return 'lost';
  return model.nodes.get(id)?.refused.has(from) ? 'refused' : 'heard';
}
