// Messages in flight: the nodes on a ring, and a dot for each datagram.

import { byId, isCalm, setText, svg } from './dom.js';
import { nodesOf, minersOf } from './groups.js';
import { markOf } from './marks.js';
import { shorten } from './names.js';

/** The radius of the ring, and of the names around it. */
const RADIUS = 112;
const NAMES = 126;

/** With more nodes than this, only their marks are drawn. */
const NAMED = 16;

/** How many letters of a name fit beside the ring. */
const LETTERS = 8;

/** The most dots that are drawn. */
const MOST = 150;

/** How far a dot goes: a lost one half of the way, a refused one almost to the node. */
const ENDS = { heard: 1, lost: 0.5, refused: 0.88 };

/** The anchor of a name: it begins or ends beside the ring, and is centred above or below it. */
function anchorAt(x) {
  if (Math.abs(x) < 0.3) return 'middle';
  return x > 0 ? 'start' : 'end';
}

/** The signs for a datagram's kind and fate. */
const SIGNS = {
  heard: (isQuestion) => svg('circle', { r: 5, class: isQuestion ? 'dot question' : 'dot' }),
  lost: () => svg('path', { d: 'M-6-6L6 6M-6 6L6-6', class: 'dot lost' }),
  refused: () => svg('path', { d: 'M-6 0A6 6 0 1 0 6 0A6 6 0 1 0-6 0M-4.2-4.2L4.2 4.2', class: 'dot refused' }),
};

/** The view, which starts closed. */
export class Ring {
  /** `watch(isOn)` starts or stops the source's messages. */
  constructor(watch) {
    this.button = byId('ring-toggle');
    this.box = byId('ring-box');
    this.nodes = svg('g');
    this.dots = svg('g');
    byId('ring').append(svg('circle', { r: RADIUS, class: 'ring' }), this.nodes, this.dots);
    this.button.addEventListener('click', () => {
      this.isOpen = !this.isOpen;
      watch(this.isOpen);
      this.draw();
    });
  }

  update(scene) {
    this.scene = scene;
    const { can, model, messages } = scene;
    const canShow = can.has('watch') || messages.all.length > 0;
    this.button.hidden = !canShow;
    byId('ring-panel').hidden = !canShow && !model.links && !model.pace;
    this.draw();
  }

  draw() {
    const isOpen = Boolean(this.isOpen) && !this.button.hidden;
    this.box.hidden = !isOpen;
    this.button.setAttribute('aria-expanded', isOpen);
    setText(this.button, isOpen ? 'Hide' : 'Show');
    this.button.setAttribute('aria-label', isOpen ? 'Hide messages' : 'Show messages');
    if (!isOpen || !this.scene) return;
    const { model, messages, now, present, isReplay } = this.scene;
    this.drawNodes(nodesOf(model), minersOf(model));
    const seen = messages.at(isReplay ? now : present(), model);
    this.dots.replaceChildren(...seen.slice(0, MOST).map((one) => this.makeDot(one)).filter((dot) => dot));
    this.count(seen);
    // Between two drawings of the page only the dots move.
    if (seen.length === 0 || isReplay || this.isMoving || isCalm()) return;
    this.isMoving = true;
    requestAnimationFrame(() => {
      this.isMoving = false;
      this.draw();
    });
  }

  drawNodes(nodes, miners) {
    const mark = JSON.stringify([miners, nodes.map(({ id, name, up }) => [id, name, up])]);
    if (mark === this.drawn) return;
    this.drawn = mark;
    this.places = new Map();
    const drawn = nodes.map((node, index) => {
      const angle = (index / nodes.length) * 2 * Math.PI - Math.PI / 2;
      const [x, y] = [Math.cos(angle), Math.sin(angle)];
      const place = { x: x * RADIUS, y: y * RADIUS };
      this.places.set(node.id, place);
      this.places.set(node.address, place);
      const { path, colour } = markOf(node.miner, miners);
      const size = nodes.length > NAMED ? 5 : 9;
      return svg('g', { class: `at colour-${colour}${node.up ? '' : ' gone'}`, 'data-node': node.name },
        svg('title', {}, node.up ? node.name : `${node.name} (gone)`),
        svg('path', { d: path, class: 'mark', 'fill-rule': 'evenodd', transform: `translate(${place.x} ${place.y}) scale(${size})` }),
        nodes.length > NAMED ? null : svg('text', { x: x * NAMES, y: y * NAMES + 4, 'text-anchor': anchorAt(x) }, shorten(node.name, LETTERS)));
    });
    this.nodes.replaceChildren(...drawn);
  }

  makeDot({ message, part, fate }) {
    const [from, to] = [this.places.get(message.from), this.places.get(message.id)];
    if (!from || !to) return null;
    const end = ENDS[fate];
    // If the reader prefers no movement, a dot stays in the middle of its way.
    const way = isCalm() && part < 1 ? Math.min(0.5, end) : Math.min(part, end);
    const sign = part >= end ? SIGNS[fate] : SIGNS.heard;
    if (fate === 'heard' && part === 1) return null;
    const dot = sign(message.kind === 'question');
    dot.setAttribute('transform', `translate(${from.x + (to.x - from.x) * way} ${from.y + (to.y - from.y) * way})`);
    return dot;
  }

  /** The same in words, for screen readers. */
  count(seen) {
    const of = (fate) => seen.filter((one) => one.fate === fate).length;
    const all = seen.length === 0 ? 'No message is on its way' : `${seen.length} message${seen.length === 1 ? '' : 's'} on the way or just arrived`;
    setText(byId('ring-said'), `${all}: ${of('lost')} lost, ${of('refused')} refused.`);
  }
}
