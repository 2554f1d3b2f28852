// Virtual time, which follows the real one at some speed.

/** How long a network may compute at once; then the page draws. */
const BUDGET_MS = 9;

/** A tab that was hidden does not make up for more than this. */
const MAX_GAP_MS = 100;

/** How often time goes on, so that a page at rest draws 60 times a second. */
const TICK_MS = 16;

/** At most so much virtual time passes between two looks at the budget. */
const STRIDE_MS = 500;

/** What the page sees of a source's time: see `clock` in source.js. */
export class Clock {
  /** `goTo(time)` lets happen what happens until then; it returns false once all is over. */
  constructor({ speed, goTo, onTick }) {
    Object.assign(this, { speed, goTo, onTick });
    this.time = 0;
    /** Whether there is a network whose time can pass. */
    this.isReady = false;
    this.isRunning = false;
    this.isOver = false;
    /** How fast time really passed, if the machine is too slow for the speed. */
    this.reached = null;
    /** Why time stands still, if nobody stopped it. */
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

  /** Lets happen what happens until now; where that cannot be, time stands still. */
  goOn() {
    try {
      if (!this.goTo(Math.floor(this.time))) this.end();
    } catch (error) {
      this.trouble = error.message;
      this.stop();
    }
  }

  /** Smooths over some ticks what is reached of the speed. */
  measure(now) {
    this.smooth = this.smooth === undefined ? now : this.smooth * 0.95 + now * 0.05;
    this.reached = this.smooth < this.speed * 0.8 ? this.smooth : null;
  }
}
