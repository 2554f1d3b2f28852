// Virtual time, which follows real time at a chosen speed.

/** How long the network may compute before the page draws again. */
const BUDGET_MS = 9;

/** The most real time that a tab catches up after it was hidden. */
const MAX_GAP_MS = 100;

/** How often time moves on: the page then draws 60 times a second. */
const TICK_MS = 16;

/** The most virtual time between two checks of the budget. */
const STRIDE_MS = 500;

/** The clock of a source: see `clock` in page/source.js. */
export class Clock {
  /** `goTo(time)` runs the network until then; it returns false at the network's end. */
  constructor({ speed, goTo, onTick }) {
    Object.assign(this, { speed, goTo, onTick });
    this.time = 0;
    /** Whether the network is loaded. */
    this.isReady = false;
    this.isRunning = false;
    this.isOver = false;
    /** The real speed, if the machine is too slow for the chosen one. */
    this.reached = null;
    /** The reason why the clock stopped by itself. */
    this.trouble = null;
  }

  run() {
    if (!this.isReady || this.isRunning || this.isOver) return;
    this.isRunning = true;
    this.trouble = null;
    this.last = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop() {
    this.isRunning = false;
    this.reached = null;
    clearInterval(this.timer);
  }

  end() {
    this.stop();
    this.isOver = true;
  }

  setSpeed(speed) {
    this.speed = speed;
    this.reached = null;
  }

  tick() {
    const begun = performance.now();
    const gap = Math.min(begun - this.last, MAX_GAP_MS);
    this.last = begun;
    const start = this.time;
    const target = start + gap * this.speed;
    while (this.time < target && this.isRunning) {
      this.time = Math.min(target, this.time + STRIDE_MS);
      this.goOn();
      if (performance.now() - begun > BUDGET_MS) break;
    }
    if (this.isRunning) this.measure((this.time - start) / (gap || 1));
    this.onTick();
  }

  /** Runs the network until now; stops the clock if that fails. */
  goOn() {
    try {
      if (!this.goTo(Math.floor(this.time))) this.end();
    } catch (error) {
      this.trouble = error.message;
      this.stop();
    }
  }

  /** Averages the real speed over some ticks. */
  measure(now) {
    this.smooth = this.smooth === undefined ? now : this.smooth * 0.95 + now * 0.05;
    this.reached = this.smooth < this.speed * 0.8 ? this.smooth : null;
  }
}
