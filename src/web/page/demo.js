// Demo: fork. Splits the network, lets both sides find a block, heals it, and
// lets one more block decide: a fork, a race and a reorganisation in 20 seconds.

import { byId, setText } from './dom.js';
import { nodesOf, sidesOf } from './model.js';
import { ordersFor } from './sides.js';

/** How long each picture stays, so that it can be read. */
const READ_MS = 2600;

/** The longest that a step may take before the demo gives up. */
const STEP_MS = 15000;

/** The steps in words. */
const STEPS = [
  'All pause, and agree on a chain.',
  'Split: one node on its own, the others on the other side.',
  'Each side finds a block: a fork that neither knows of.',
  'Heal: both chains are as long, so each node keeps its own. A race.',
  'One more block: the longer chain wins, the other is abandoned. A reorganisation.',
  'All search again.',
];

/** The demo, and the line that says which step it is at. */
export class Demo {
  /** `live()` is the model, `send(orders)` carries orders out, `say(error)` tells what went wrong. */
  constructor(live, send, say) {
    Object.assign(this, { live, send, say });
    this.button = byId('demo');
    this.line = byId('demo-step');
    this.button.addEventListener('click', () => (this.abort ? this.abort.abort() : this.run()));
  }

  get isRunning() {
    return Boolean(this.abort);
  }

  async run() {
    const up = nodesOf(this.live()).filter((node) => node.up);
    if (up.length < 2) return this.say('The demo needs two nodes or more.');
    this.abort = new AbortController();
    setText(this.button, 'Stop the demo');
    const ran = up.filter((node) => !node.paused).map((node) => node.id);
    try {
      await this.play(up.map((node) => node.id));
      await this.step(5, () => this.resume(ran));
      await this.pause(READ_MS);
    } catch (error) {
      if (!this.abort.signal.aborted) this.say(`The demo ended early: ${error.message}`);
      await this.mend(ran);
    }
    this.abort = null;
    setText(this.button, 'Demo: fork');
    this.mark(null);
  }

  async play(ids) {
    const alone = ids[0];
    const other = ids.at(-1);
    await this.step(0, async () => {
      await this.all('pause');
      await this.heal();
      await this.agree();
    });
    await this.step(1, () => this.send((nodes) => ordersFor(nodes, (node) => node.id !== alone)));
    await this.until(() => sidesOf(this.live()).length > 1, 'the network is split');
    await this.pause(READ_MS);
    const height = this.node(alone).height;
    await this.step(2, () => this.mine(alone));
    await this.mine(ids[1]);
    await this.until(() => this.up().every((node) => node.height === height + 1), 'both sides have a block more');
    await this.pause(READ_MS);
    await this.step(3, () => this.heal());
    await this.until(() => sidesOf(this.live()).length === 1, 'the split is healed');
    await this.pause(READ_MS);
    await this.step(4, () => this.mine(other));
    await this.until(() => this.up().every((node) => node.height === height + 2), 'all have the longer chain');
    await this.pause(READ_MS);
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

  heal() {
    return this.send((nodes) => ordersFor(nodes, () => false));
  }

  mine(id) {
    return this.send([{ id, command: 'mine' }]);
  }

  resume(ids) {
    return this.send(ids.filter((id) => this.node(id).up).map((id) => ({ id, command: 'resume' })));
  }

  /** All on one tip. Where two are as long, one more block decides. */
  async agree() {
    await this.all('share');
    const isOne = () => new Set(this.up().map((node) => node.tip)).size === 1;
    const isLevel = () => new Set(this.up().map((node) => node.height)).size === 1;
    await this.until(isLevel, 'all have chains of the same length');
    if (!isOne()) await this.mine(this.up()[0].id);
    await this.until(isOne, 'all agree');
  }

  /** However the demo ended: all hear each other, and who searched before does so again. */
  async mend(ran) {
    try {
      await this.heal();
      await this.resume(ran);
    } catch {
      // A node that is gone has nothing to be mended; it will start afresh.
    }
  }

  async step(index, act) {
    this.mark(index);
    this.abort.signal.throwIfAborted();
    await act();
  }

  mark(index) {
    this.line.hidden = index === null;
    if (index !== null) setText(this.line, `Step ${index + 1} of ${STEPS.length}. ${STEPS[index]}`);
  }

  /** Waits until something is so, and not for ever. */
  async until(isSo, what) {
    const deadline = Date.now() + STEP_MS;
    while (!isSo()) {
      this.abort.signal.throwIfAborted();
      if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
      await this.pause(50);
    }
  }

  pause(ms) {
    const { signal } = this.abort;
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(new Error('stopped'));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal.addEventListener('abort', stop);
    });
  }
}
