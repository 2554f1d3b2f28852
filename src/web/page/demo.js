// Demos: they make the network show something, automatically or step by step.

import { DEMOS } from './demos.js';
import { byId, html, setText } from './dom.js';
import { nodesOf } from './groups.js';
import { Stage } from './stage.js';

/** How long each picture stays when a demo runs automatically, so that people can read it. */
const READ_MS = 2600;

/**
 * The pause between two steps: a node's status is dated back a little (link.js), and no
 * step may appear in the picture of the one before.
 */
const APART_MS = 400;

/** The first and the last step of every demo. */
const BEGIN = { words: 'All pause, and agree on a chain.', act: (stage) => stage.agree() };
const END = 'All search again.';

/** The demos, and the line that names the step shown. */
export class Demo {
  /** `live()` is the model, `send(orders)` carries orders out, `say(error)` reports errors, `replay` shows the past. */
  constructor({ live, send, say, replay, source }) {
    Object.assign(this, { live, send, say, replay, source });
    this.button = byId('demo');
    this.choice = byId('demo-choice');
    this.choice.replaceChildren(...DEMOS.map(({ name, needs }, index) => html('option', { value: index, 'data-needs': needs }, name)));
    this.choice.addEventListener('change', () => this.draw());
    this.button.addEventListener('click', () => (this.isRunning ? this.stop() : this.run(false)));
    byId('demo-steps').addEventListener('click', () => this.run(true));
    byId('demo-back').addEventListener('click', () => this.look(this.shown - 1));
    byId('demo-next').addEventListener('click', () => (this.shown < this.done ? this.look(this.shown + 1) : this.onward?.()));
    this.draw();
  }

  get isRunning() {
    return Boolean(this.abort);
  }

  /** Ends the demo that is running, if one is. */
  stop() {
    this.abort?.abort();
  }

  async run(isByHand) {
    if (this.isRunning) return undefined;
    const up = nodesOf(this.live()).filter((node) => node.up);
    if (up.length < 2) return this.say('The demo needs two nodes or more.');
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.demo = DEMOS[Number(this.choice.value)];
    this.stage = this.makeStage(signal);
    const source = this.source();
    const ran = up.filter((node) => !node.paused).map((node) => node.id);
    try {
      await this.play(up.map((node) => node.id), isByHand);
    } catch (error) {
      if (!signal.aborted) this.say(`The demo ended early: ${error.message}`);
    }
    // A network that is no longer shown needs no cleaning up.
    if (this.source() === source) await this.mend(up.map((node) => node.id), ran);
    this.abort = null;
    return this.draw();
  }

  makeStage(signal) {
    return new Stage({ live: this.live, send: this.send, source: this.source, signal });
  }

  async play(ids, isByHand) {
    this.isByHand = isByHand;
    this.steps = [BEGIN, ...this.demo.steps];
    /** The time at which each step was done, for looking back. */
    this.moments = [];
    for (const [index, step] of this.steps.entries()) {
      this.stage.signal.throwIfAborted();
      this.mark(index, null);
      await step.act(this.stage, ids);
      this.moments.push(this.replay.last());
      await this.stage.pause(APART_MS);
      this.mark(index, index);
      if (isByHand) await this.waitForNext();
      else if (index > 0) await this.stage.pause(READ_MS);
    }
  }

  waitForNext() {
    return new Promise((resolve, reject) => {
      this.onward = resolve;
      this.stage.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
    }).finally(() => (this.onward = null));
  }

  /** Shows a step that is done: the picture at its end. */
  look(index) {
    this.mark(index, this.done);
    if (index === this.done) this.replay.goLive();
    else this.replay.seek(this.moments[index]);
  }

  /** Cleans up, however the demo ended: all nodes hear each other, and those that searched before search again. */
  async mend(ids, ran) {
    this.replay.goLive();
    setText(byId('demo-step'), END);
    const stage = this.makeStage(new AbortController().signal);
    try {
      await stage.come(ids);
      await this.send(ran.filter((id) => stage.node(id).up).map((id) => ({ id, command: 'resume' })));
    } catch {
      // A node that is gone needs no cleaning up; it will start afresh.
    }
  }

  /** `shown` is the step shown; `done` is the last finished step, or null while one runs. */
  mark(shown, done) {
    Object.assign(this, { shown, done });
    this.draw();
  }

  draw() {
    const isStepping = this.isRunning && this.isByHand;
    setText(this.button, this.isRunning ? 'Stop the demo' : `Demo: ${DEMOS[Number(this.choice.value)].name}`);
    byId('demo-step').hidden = !this.isRunning;
    byId('demo-choice-row').hidden = this.isRunning;
    byId('demo-hand').hidden = !isStepping;
    byId('demo-back').disabled = this.done === null || this.shown === 0;
    byId('demo-next').disabled = this.done === null;
    if (!this.isRunning || !this.steps) return;
    const past = this.done !== null && this.shown < this.done ? ' As it was then.' : '';
    setText(byId('demo-step'), `Step ${this.shown + 1} of ${this.steps.length}. ${this.steps[this.shown].words}${past}`);
  }
}
