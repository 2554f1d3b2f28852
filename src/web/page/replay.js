// The replay, at any speed: the same fold of changes, stopped earlier. It covers the
// last minutes of a live network, or a whole recording.

import { byId, clock, setText } from './dom.js';

/** How far back a replay of a live network begins. */
const BACK_MS = 60000;

/** The bar of the replay. `onChange` is called when the moment shown jumps; `now()` is the present time of a live network. */
export class Replay {
  constructor(onChange, now) {
    Object.assign(this, { onChange, now });
    this.slider = byId('replay-at');
    this.speed = byId('replay-speed');
    this.button = byId('replay-run');
    this.slider.addEventListener('input', () => this.seek(this.first() + Number(this.slider.value)));
    this.button.addEventListener('click', () => this.toggle());
    byId('replay-live').addEventListener('click', () => this.goLive());
  }

  /** Switches to another history: a live one, or a recording, which is shown from its start. */
  show(history, isLive) {
    this.history = history;
    this.isLive = isLive;
    this.isRunning = false;
    /** The moment shown, or null for live. */
    this.at = isLive ? null : this.first();
  }

  first() {
    return this.history.firstMs() ?? this.last();
  }

  /** The present, or the end of a recording. */
  last() {
    return this.isLive ? this.now() : (this.history.lastMs() ?? 0);
  }

  get isOn() {
    return this.at !== null;
  }

  /** Shows the moment `at`, and stops there. */
  seek(at) {
    this.at = Math.max(this.first(), Math.min(at, this.last()));
    this.isRunning = false;
    this.onChange();
  }

  goLive() {
    this.at = this.isLive ? null : this.last();
    this.isRunning = false;
    this.onChange();
  }

  /** Runs or stops; a replay of a live network begins a minute ago. */
  toggle() {
    const isOver = !this.isLive && this.at >= this.last();
    if (this.isOn && !isOver) this.isRunning = !this.isRunning;
    else {
      this.at = isOver ? this.first() : Math.max(this.first(), this.last() - BACK_MS);
      this.isRunning = true;
    }
    this.stepped = null;
    this.onChange();
  }

  /** Moves on, `speed` times as fast as real time; stops at the end. */
  step(time) {
    if (!this.isRunning) return;
    if (this.stepped) this.at += (time - this.stepped) * Number(this.speed.value);
    this.stepped = time;
    if (this.at >= this.last()) this.goLive();
  }

  /** Draws the bar. */
  draw() {
    const [first, last] = [this.first(), this.last()];
    // Whole steps, so that the slider's end is no earlier than ours.
    const step = Number(this.slider.step);
    this.slider.max = Math.max(1, Math.ceil((last - first) / step)) * step;
    const at = this.at ?? last;
    // Setting the value does not disturb a drag.
    this.slider.value = at - first;
    const words = this.words(at, first, last);
    setText(byId('replay-when'), words);
    this.slider.setAttribute('aria-valuetext', words);
    setText(this.button, this.runWords());
    byId('replay-live').disabled = !this.isOn;
    document.body.classList.toggle('is-replay', this.isOn && this.isLive);
  }

  words(at, first, last) {
    if (!this.isOn) return 'live';
    if (this.isLive) return `${clock(at)}, ${tellTime(last - at)} ago`;
    return `${tellTime(at - first)} of ${tellTime(last - first)}`;
  }

  runWords() {
    if (this.isRunning) return 'Stop';
    if (!this.isLive) return 'Play';
    return this.isOn ? 'Run' : 'Replay the last minute';
  }
}

/** `75000` -> `1 min 15 s` */
export function tellTime(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
