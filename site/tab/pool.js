// Workers that search for the nodes' nonces, each on its own processor.

/** The most workers: more would give more heat than hashes. */
const MOST = 8;

/** The time over which the rate is measured. */
const RATE_MS = 5000;

/** The workers of one network. */
export class Pool {
  /** `next()` gives a search that a node has asked for, if there is one; `answer(asked, counter)` takes its result. */
  constructor({ zeroBits, next, answer }) {
    Object.assign(this, { zeroBits, next, answer });
    const count = Math.max(1, Math.min(MOST, (navigator.hardwareConcurrency ?? 2) - 1));
    this.workers = Array.from({ length: count }, () => this.hire());
    /** The latest results: {at, tries}. */
    this.done = [];
  }

  hire() {
    const worker = new Worker(new URL('searcher.js', import.meta.url), { type: 'module' });
    const hand = { worker, asked: null };
    worker.onmessage = ({ data }) => this.take(hand, data);
    return hand;
  }

  /** Gives work to idle workers. */
  wake() {
    for (const hand of this.workers.filter(({ asked }) => asked === null)) {
      const asked = this.next();
      if (!asked) return;
      hand.asked = asked;
      hand.worker.postMessage({ block: asked.block, start: asked.start, count: asked.count, zeroBits: this.zeroBits });
    }
  }

  take(hand, { counter, tries }) {
    const { asked } = hand;
    hand.asked = null;
    this.done.push({ at: performance.now(), tries });
    this.answer(asked, counter);
    this.wake();
  }

  /** The hashes a second of all workers. */
  rate() {
    const now = performance.now();
    this.done = this.done.filter(({ at }) => at > now - RATE_MS);
    const since = this.done[0]?.at ?? now;
    const tries = this.done.slice(1).reduce((sum, part) => sum + part.tries, 0);
    return now - since > 500 ? (tries * 1000) / (now - since) : null;
  }

  stop() {
    for (const { worker } of this.workers) worker.terminate();
    this.workers = [];
  }
}
