// What a demo can do with the nodes, and how it waits for what comes of it.

import { nodesOf, sidesOf } from './groups.js';
import { ordersFor } from './sides.js';

/** The longest that anything may take before the demo gives up. */
const STEP_MS = 15000;

/** How often a demo looks whether what it waits for has come. */
const LOOK_MS = 50;

/** The nodes as a demo sees them. `signal` ends it. */
export class Stage {
  /** `live()` is the model, `send(orders)` carries orders out. */
  constructor({ live, send, signal }) {
    Object.assign(this, { live, send, signal });
  }

  nodes() {
    return nodesOf(this.live());
  }

  up() {
    return this.nodes().filter((node) => node.up);
  }

  node(id) {
    return this.live().nodes.get(id);
  }

  all(command) {
    return this.send(this.up().map(({ id }) => ({ id, command })));
  }

  /** Parts the nodes: those with these ids on one side, all others on the other. */
  async split(ids) {
    await this.send((nodes) => ordersFor(nodes, ({ id }) => ids.includes(id)));
    await this.until(() => sidesOf(this.live()).length > 1, 'the network is split');
  }

  async heal() {
    await this.send((nodes) => ordersFor(nodes, () => false));
    await this.until(() => sidesOf(this.live()).length === 1, 'the split is healed');
  }

  /** A node finds `count` blocks, one after the other. */
  async mine(id, count = 1) {
    const { height } = this.node(id);
    for (let found = 1; found <= count; found += 1) {
      await this.send([{ id, command: 'mine' }]);
      await this.until(() => this.node(id).height >= height + found, `block ${height + found} is found`);
    }
  }

  /** Waits until all these nodes, or all there are, have a chain of this height. */
  reach(height, ids = this.up().map(({ id }) => id)) {
    return this.until(() => ids.every((id) => this.node(id).height >= height), `all have block ${height}`);
  }

  /** All pause, hear each other, and stand on one tip. Where two are as long, one more block decides. */
  async agree() {
    await this.all('pause');
    await this.heal();
    await this.all('share');
    await this.settle();
    if (!this.isOne()) await this.mine(this.up()[0].id);
    await this.until(() => this.isOne(), 'all agree');
  }

  isOne() {
    return new Set(this.up().map((node) => node.tip)).size === 1;
  }

  /** Waits until no node has a longer chain than another. */
  settle() {
    return this.until(() => new Set(this.up().map((node) => node.height)).size === 1, 'all have chains of the same length');
  }

  /** Waits until something is so, and not for ever. */
  async until(isSo, what) {
    const deadline = Date.now() + STEP_MS;
    while (!isSo()) {
      this.signal.throwIfAborted();
      if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
      await this.pause(LOOK_MS);
    }
  }

  /** Waits for so long, unless the demo is ended before. */
  pause(ms) {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(new Error('stopped'));
      };
      const timer = setTimeout(() => {
        this.signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      this.signal.addEventListener('abort', stop, { once: true });
    });
  }
}
