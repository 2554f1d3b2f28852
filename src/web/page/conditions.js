// The panel for the delay and loss on all links and for the pace of all nodes: it shows
// them, and changes them if the source allows it.

import { byId, setText } from './dom.js';
import { tellLinks, tellPace } from './story.js';

/** The paces that have names (src/network.rs). */
const PACES = {
  slow: { nonces: 1000, listen: 1000 },
  lesson: { nonces: 1000, listen: 200 },
  fast: { nonces: 10000, listen: 200 },
};

/** If the nodes report no change within this time, a slider returns to their value. */
const PATIENCE_MS = 3000;

/** The sliders and the choice. */
export class Conditions {
  /** `order(command, detail)` changes a setting of the whole network. */
  constructor(order) {
    this.order = order;
    this.delay = byId('delay');
    this.loss = byId('loss');
    this.pace = byId('pace');
    this.links = { delay: 0, loss: 0 };
    for (const slider of [this.delay, this.loss]) {
      slider.addEventListener('input', () => this.turn(slider));
      slider.addEventListener('change', () => this.setLinks(slider));
    }
    this.pace.addEventListener('change', () => order('pace', this.pace.value));
  }

  /** Somebody moves a slider: it stays there until the nodes report the new value. */
  turn(slider) {
    // The other slider's value is not read back: it has steps and an end, so it may be inexact.
    this.wanted = { ...this.links, [slider.id]: Number(slider.value) };
    this.until = Infinity;
    this.draw(this.wanted);
  }

  setLinks(slider) {
    this.turn(slider);
    this.until = Date.now() + PATIENCE_MS;
    return this.order('links', this.wanted);
  }

  update({ model: { links, pace }, can, source, isLocked }) {
    this.way = source.way;
    for (const control of [this.delay, this.loss, this.pace]) control.disabled = isLocked;
    byId('conditions-words').hidden = !links || (can.has('links') && !this.way);
    const isTold = links?.delay === this.wanted?.delay && links?.loss === this.wanted?.loss;
    if (isTold || Date.now() > this.until) this.wanted = null;
    if (links && !this.wanted) {
      this.delay.value = links.delay;
      this.loss.value = links.loss;
      this.draw(links);
    }
    if (!pace) return;
    const name = Object.keys(PACES).find((key) => PACES[key].nonces === pace.nonces && PACES[key].listen === pace.listen);
    // A choice that is already right is left alone, as somebody may have the list open.
    if (this.pace.value !== (name ?? 'other')) this.pace.value = name ?? 'other';
    setText(byId('pace-words'), tellPace(pace));
  }

  draw(links) {
    this.links = links;
    setText(byId('delay-words'), links.delay < 1000 ? `${links.delay} ms` : `${links.delay / 1000} s`);
    setText(byId('loss-words'), `${links.loss} of 100`);
    this.delay.setAttribute('aria-valuetext', byId('delay-words').textContent);
    this.loss.setAttribute('aria-valuetext', byId('loss-words').textContent);
    const words = tellLinks(links);
    const besides = this.way ? ` The links themselves take ${this.way.least} to ${this.way.most} ms.` : '';
    setText(byId('conditions-words'), `${words[0].toUpperCase()}${words.slice(1)}.${besides}`);
  }
}
