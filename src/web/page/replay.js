// The last minutes again, at any speed: the same fold of changes, stopped earlier.

import { byId, clock, setText } from './dom.js';

/** The bar of the replay. `now()` is the present; `onChange` is called when the moment shown jumps. */
export class Replay {
  constructor(history, onChange) {
    this.history = history;
    this.onChange = onChange;
    /** The moment shown, or null for live. */
    this.at = null;
    this.isRunning = false;
    this.slider = byId('replay-at');
    this.speed = byId('replay-speed');
    this.button = byId('replay-run');
    this.slider.addEventListener('input', () => this.seek(this.first() + Number(this.slider.value)));
    this.button.addEventListener('click', () => this.toggle());
    byId('replay-live').addEventListener('click', () => this.goLive());
  }

  first() {
    return this.history.firstMs() ?? Date.now();
  }

  get isOn() {
    return this.at !== null;
  }

  /** Shows the moment `at`, and stops there. */
  seek(at) {
    this.at = Math.max(this.first(), Math.min(at, Date.now()));
    this.isRunning = false;
    this.onChange();
  }

  goLive() {
    this.at = null;
    this.isRunning = false;
    this.onChange();
  }

  /** Runs or stops; from live it begins with what happened a minute ago. */
  toggle() {
    if (this.isOn) this.isRunning = !this.isRunning;
    else {
      this.at = Math.max(this.first(), Date.now() - 60000);
      this.isRunning = true;
    }
    this.last = null;
    this.onChange();
  }

  /** Time goes on by itself, `speed` times as fast; caught up with the present, it is live. */
  step(time) {
    if (!this.isRunning) return;
    if (this.last) this.at += (time - this.last) * Number(this.speed.value);
    this.last = time;
    if (this.at >= Date.now()) this.goLive();
  }

  /** The bar itself. */
  draw() {
    const [first, now] = [this.first(), Date.now()];
    this.slider.max = Math.max(1, now - first);
    const at = this.at ?? now;
    // Whoever drags it is not disturbed.
    this.slider.value = at - first;
    const ago = Math.round((now - at) / 1000);
    const words = this.isOn ? `${clock(at)}, ${tellAgo(ago)}` : 'live';
    setText(byId('replay-when'), words);
    this.slider.setAttribute('aria-valuetext', words);
    setText(this.button, this.isRunning ? 'Stop' : this.isOn ? 'Run' : 'Replay the last minute');
    byId('replay-live').disabled = !this.isOn;
    document.body.classList.toggle('is-replay', this.isOn);
  }
}

/** `75` -> `1 min 15 s ago` */
export function tellAgo(seconds) {
  return seconds < 60 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ${seconds % 60} s ago`;
}
