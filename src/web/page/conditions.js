// What all links do to messages, and how fast all nodes search: shown, and changed
// where that can be.

import { byId, setText } from './dom.js';
import { tellLinks, tellPace } from './story.js';

/** The paces that have names (src/network.rs). */
const PACES = {
  slow: { nonces: 1000, listen: 1000 },
  lesson: { nonces: 1000, listen: 200 },
  fast: { nonces: 10000, listen: 200 },
};

/** After this time without a word of the nodes a slider shows again how things are. */
const PATIENCE_MS = 3000;

/** The sliders and the choice. */
export class Conditions {
  /** `order(command, detail)` has something set for the whole network. */
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

  /** Somebody turns a slider: it stays where they put it until the nodes tell of that. */
  turn(slider) {
    // The other one may not show it exactly: it has steps, and an end.
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
    // What is chosen already is left alone, as somebody may have the list open.
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
    const besides = this.way ? ` The way itself takes ${this.way.least} to ${this.way.most} ms.` : '';
    setText(byId('conditions-words'), `${words[0].toUpperCase()}${words.slice(1)}.${besides}`);
  }
}
