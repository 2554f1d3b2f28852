// Things to do, a few at a time: a browser has no room for thousands of requests.

/** Does at most `most` things at once; the others wait in their order. */
export class Lane {
  constructor(most) {
    this.most = most;
    this.running = 0;
    this.waiting = [];
  }

  get isIdle() {
    return this.running === 0;
  }

  /** Calls `job` when there is room; a promise of what comes of it. */
  async run(job) {
    if (this.running < this.most) this.running += 1;
    else await new Promise((go) => this.waiting.push(go));
    try {
      return await job();
    } finally {
      // The next that waits takes over the place.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
