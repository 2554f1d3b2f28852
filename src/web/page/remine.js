// Mines a block again in the browser: a worker, the count of its tries, a stop button.

import { tellRate } from './clock.js';
import { byId, setText } from './dom.js';

/** A search in a worker, at most one at a time. */
export class Remine {
  /** `worker()` is the address of the worker. */
  constructor(worker) {
    this.address = worker;
    this.output = byId('tries');
    this.stopButton = byId('mine-stop');
    this.stopButton.addEventListener('click', () => this.stop('Stopped after'));
    this.worker = null;
    this.tries = 0;
  }

  /** Searches for a nonce for these bytes; `onFound(bytes)` is called with the block. */
  run(bytes, zeroBits, onFound) {
    this.stop();
    const worker = (this.worker = new Worker(this.address(), { type: 'module' }));
    this.tries = 0;
    this.begun = performance.now();
    this.show('Searching:');
    worker.onmessage = ({ data }) => {
      this.tries = data.tries;
      if (!data.bytes) return this.show('Searching:');
      this.stop('Found after');
      return onFound(data.bytes);
    };
    worker.postMessage({ bytes, zeroBits });
  }

  /** Ends the search, if there is one, and shows these words. */
  stop(words) {
    if (!this.worker) return;
    this.worker.terminate();
    this.worker = null;
    this.show(words);
  }

  show(words) {
    this.stopButton.hidden = !this.worker;
    const seconds = (performance.now() - this.begun) / 1000;
    const rate = this.worker && seconds > 1 ? `, ${tellRate(this.tries / seconds)} a second` : '';
    setText(this.output, words ? `${words} ${this.tries.toLocaleString('en')} tries${rate}` : '');
  }
}
