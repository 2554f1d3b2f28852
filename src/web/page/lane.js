// A queue of jobs that runs a few at a time: a browser cannot hold thousands of requests.

/** Runs at most `most` jobs at once; the others wait in order. */
export class Lane {
  constructor(most) {
    this.most = most;
    this.running = 0;
    this.waiting = [];
  }

  get isIdle() {
    return this.running === 0;
  }

  /** Calls `job` when there is room; returns a promise of its result. */
  async run(job) {
    if (this.running < this.most) this.running += 1;
    else await new Promise((go) => this.waiting.push(go));
    try {
      return await job();
    } finally {
      // The next waiting job takes over the place.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
