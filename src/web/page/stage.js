// The actions that a demo takes on the nodes, and how it waits for their effects.

import { fromHex } from './bytes.js';
import { nodesOf, sidesOf } from './groups.js';
import { tell } from './lie.js';
import { ordersFor } from './sides.js';

/** The longest wait before the demo gives up. */
const STEP_MS = 15000;

/** How often a demo checks what it waits for. */
const LOOK_MS = 50;

/** The nodes as a demo sees them. `signal` ends the demo. */
export class Stage {
  /** `live()` is the model, `send(orders)` carries orders out through `source()`. */
  constructor({ live, send, source, signal }) {
    Object.assign(this, { live, send, source, signal });
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

  /** Splits the nodes: those with these ids on one side, all others on the other. */
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

  /** Stops a node, or splits it off if the source cannot stop it. */
  async leave(id) {
    if (!this.source().can.has('network')) return this.split([id]);
    await this.send([{ id, command: 'stop' }]);
    return this.until(() => !this.node(id).up, 'the node is stopped');
  }

  /** Starts the stopped ones of these nodes, paused, and lets all hear each other. */
  async come(ids) {
    const gone = this.source().can.has('network') ? ids.filter((id) => !this.node(id).up) : [];
    await this.send(gone.map((id) => ({ id, command: 'start' })));
    await this.until(() => gone.every((id) => this.node(id).up), 'the node is there');
    await this.send(gone.map((id) => ({ id, command: 'pause' })));
    await this.heal();
  }

  /** A node sends its newest block, changed, to all others; they must refuse it by this rule. */
  async lie(id, rule, change) {
    const source = this.source();
    const liar = this.node(id);
    const block = await source.block(liar.tip);
    const before = await source.block(block.previous);
    const bytes = fromHex(block.bytes);
    change(bytes);
    const others = this.up().filter((node) => node.id !== id);
    const lie = { from: liar.address, before: fromHex(before.bytes), blocks: [bytes], height: block.height, isLonger: true };
    const verdicts = await Promise.all(others.map((node) => tell(source, node, lie)));
    const other = verdicts.find(({ reason }) => reason !== rule);
    if (other) throw new Error(`a node does not say ${rule} but ${other.reason ?? other.outcome}`);
  }

  /** Waits until these nodes, or all, have a chain of this height. */
  reach(height, ids = this.up().map(({ id }) => id)) {
    return this.until(() => ids.every((id) => this.node(id).height >= height), `all have block ${height}`);
  }

  /** All pause, hear each other, and have the same tip. Between chains of the same length one more block decides. */
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

  /** Waits until a condition holds, up to the limit. */
  async until(isSo, what) {
    const deadline = Date.now() + STEP_MS;
    while (!isSo()) {
      this.signal.throwIfAborted();
      if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
      await this.pause(LOOK_MS);
    }
  }

  /** Waits this long; throws if the demo ends before. */
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
