// A small made-up network for the tests of the pure modules.

import { History } from '../../../src/web/page/history.js';

const NAMES = { alice: '7000', bob: '8000', carol: '9000' };

/** A hash from a short name. */
export const hash = (name) => name.padEnd(64, '0');

/** A history, written with short calls. Times are in milliseconds from 1000 on. */
export class Tale {
  constructor(names = Object.keys(NAMES)) {
    this.history = new History();
    this.now = 1000;
    this.names = names;
    this.block('genesis', null, 0, '7000');
    for (const name of names) {
      this.history.add({ type: 'node', at: 0, id: name, name: NAMES[name], address: this.address(name), zeroBits: 16 });
      this.status(name, 'genesis', 0);
    }
  }

  address(name) {
    return `127.0.0.1:${NAMES[name]}`;
  }

  block(name, previous, height, miner) {
    const block = { hash: hash(name), height, previous: previous && hash(previous), miner, timestamp: 1 };
    this.history.add({ type: 'block', at: 0, block });
    return block;
  }

  change(change) {
    this.now += 10;
    this.history.add({ at: this.now, ...change });
  }

  status(id, tip, height, paused = false) {
    this.change({ type: 'status', id, tip: hash(tip), height, paused, counter: 0 });
  }

  event(id, event) {
    this.change({ type: 'event', id, event });
  }

  /** `finder` finds a block on `previous`, and these take it over. */
  finds(finder, name, previous, height, others = {}) {
    this.block(name, previous, height, NAMES[finder]);
    this.event(finder, { event: 'created', height, hash: hash(name) });
    for (const [other, abandoned] of Object.entries(others)) {
      this.event(other, { event: 'copied', height, hash: hash(name), from: this.address(finder), listed: true, abandoned });
    }
  }

  refuses(id, names) {
    this.change({ type: 'refused', id, refused: names.map((name) => this.address(name)) });
  }

  get model() {
    return this.history.live();
  }

  get blocks() {
    return this.history.blocks;
  }
}
