// A card for each node: its state, its current search, and its last event.

import { byId, html, markIcon, setText, short } from './dom.js';
import { markOf } from './marks.js';
import { nodesOf, minersOf } from './groups.js';
import { tellNews } from './story.js';

/** With more nodes than this, the cards are small. */
const MANY = 8;

/** All cards. `order(id, command)` passes an order on to a node. */
export class Cards {
  constructor(order) {
    this.list = byId('cards');
    this.cards = new Map();
    this.order = order;
  }

  /** Shows the nodes of a scene. A replay and a demo take no orders. */
  update({ model, now, can, isLocked }) {
    const nodes = nodesOf(model);
    this.list.classList.toggle('is-many', nodes.length > MANY);
    // The keyboard must reach a list that scrolls.
    this.list.tabIndex = nodes.length > MANY ? 0 : -1;
    const shape = JSON.stringify([nodes.map(({ id, name, miner }) => [id, name, miner]), ...can]);
    if (shape !== this.shape) {
      this.shape = shape;
      this.cards.clear();
      this.list.replaceChildren(...nodes.map((node) => this.make(node, model, can)));
    }
    for (const node of nodes) this.fill(this.cards.get(node.id), node, nodes, { model, now, isLocked });
  }

  make(node, model, can) {
    const part = {
      state: html('span', { class: 'state' }),
      bar: html('span', { class: 'bar-fill' }),
      tries: html('span', { class: 'tries' }),
      rate: html('span', { class: 'rate' }),
      tip: html('p', { class: 'tip' }),
      last: html('p', { class: 'last' }),
      pause: html('button', { type: 'button', hidden: !can.has('pause') }),
      mine: html('button', { type: 'button', hidden: !can.has('mine'), 'aria-label': `Mine one block with ${node.name}` }, 'Mine one'),
    };
    part.stop = html('button', { type: 'button', hidden: !can.has('network') });
    part.stop.addEventListener('click', () => this.order(node.id, part.isUp ? 'stop' : 'start'));
    part.pause.addEventListener('click', () => this.order(node.id, part.isPaused ? 'resume' : 'pause'));
    part.mine.addEventListener('click', () => this.order(node.id, 'mine'));
    part.card = html('li', { class: 'card', 'data-node': node.name },
      html('h3', {}, markIcon(markOf(node.miner, minersOf(model)), 16), html('span', { class: 'word' }, 'Node '), node.name, part.state),
      html('div', { class: 'bar', 'aria-hidden': 'true' }, part.bar, html('span', { class: 'bar-middle' })),
      html('p', { class: 'search' }, part.tries, part.rate),
      part.tip, part.last,
      html('div', { class: 'buttons' }, part.pause, part.mine, part.stop));
    this.cards.set(node.id, part);
    return part.card;
  }

  fill(part, node, nodes, { model, now, isLocked }) {
    const state = stateOf(node, now);
    part.isPaused = node.paused;
    part.isUp = node.up;
    part.card.dataset.state = state;
    setText(part.state, state);
    const average = 2 ** model.zeroBits;
    const tries = node.up ? (node.counter ?? 0) : 0;
    // The mark in the bar's middle is the average; twice the average fills the bar.
    part.bar.style.width = `${Math.min(100, (tries / average) * 50).toFixed(1)}%`;
    setText(part.tries, node.up ? `${triesOf(tries.toLocaleString('en'))} so far` : 'no search');
    setText(part.rate, rateOf(node));
    setText(part.tip, node.tip ? `on block ${node.height} (${short(node.tip)})` : '');
    setText(part.last, lastWords(node));
    setText(part.pause, node.paused ? 'Resume' : 'Pause');
    part.pause.setAttribute('aria-label', `${node.paused ? 'Resume' : 'Pause'} ${node.name}`);
    part.pause.disabled = part.mine.disabled = isLocked || !node.up;
    setText(part.stop, node.up ? 'Stop' : 'Start');
    part.stop.setAttribute('aria-label', `${node.up ? 'Stop' : 'Start'} ${node.name}`);
    part.stop.disabled = isLocked || isAlone(nodes, node);
  }
}

/** Whether no other node runs: nothing could start the last one again. */
function isAlone(nodes, node) {
  return !nodes.some((other) => other.up && other !== node);
}

function stateOf(node, now) {
  if (!node.up) return node.everUp ? 'gone' : 'no answer yet';
  if (node.paused) return 'paused';
  return node.restUntil > now ? 'resting' : 'searching';
}

function lastWords(node) {
  if (!node.last) return '';
  const { what, why } = tellNews(node.last);
  return `Last: ${what}${why ? ` – ${why}` : ''}`;
}

function rateOf({ up, paused, rate: value }) {
  if (!up) return '';
  if (paused) return 'not searching';
  return value ? `${triesOf(rate(value))} a second` : '';
}

const triesOf = (count) => `${count} ${count === '1' ? 'try' : 'tries'}`;

function rate(value) {
  return value >= 10000 ? `${Math.round(value / 1000)}k` : Math.round(value).toLocaleString('en');
}
