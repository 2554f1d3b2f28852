// Draws the block tree: blocks, the links between them, and a pill for each node.

import { byId, isCalm, setText, svg } from './dom.js';
import { SIZE, layOut } from './layout.js';
import { markOf, markOfBlock } from './marks.js';
import { minersOf } from './model.js';

/** How long a block or a pill slides to its new place. */
const SLIDE_MS = 600;

/** Things that move: each slides from where it is to where it belongs. */
class Places {
  constructor() {
    this.now = new Map();
    this.moves = new Map();
  }

  /** Says where a thing belongs; what is new is there at once. */
  aim(key, x, y, time) {
    const at = this.now.get(key);
    const move = this.moves.get(key);
    if (!at || isCalm()) {
      this.now.set(key, { x, y });
      this.moves.delete(key);
    } else if (move ? move.x !== x || move.y !== y : at.x !== x || at.y !== y) {
      this.moves.set(key, { from: at, x, y, start: time });
    }
  }

  /** Moves everything on. */
  step(time) {
    for (const [key, { from, x, y, start }] of this.moves) {
      const part = Math.min(1, (time - start) / SLIDE_MS);
      const eased = 1 - (1 - part) ** 3;
      this.now.set(key, { x: from.x + (x - from.x) * eased, y: from.y + (y - from.y) * eased });
      if (part === 1) this.moves.delete(key);
    }
  }

  forget(keys) {
    for (const key of this.now.keys()) {
      if (!keys.has(key)) {
        this.now.delete(key);
        this.moves.delete(key);
      }
    }
  }
}

/** The drawing. `onOpen(hash)` is called when somebody wants to see a block's bytes. */
export class Tree {
  constructor(onOpen) {
    this.box = byId('tree-box');
    this.svg = byId('tree');
    this.layers = ['links', 'blocks', 'pills'].map((name) => this.svg.appendChild(svg('g', { class: name })));
    this.elements = new Map();
    this.places = new Places();
    this.onOpen = onOpen;
    this.focused = null;
    this.follows = true;
    this.box.addEventListener('scroll', () => this.noteScroll());
    this.svg.addEventListener('keydown', (event) => this.onKey(event));
  }

  /** Whether somebody has scrolled back to look at older blocks: then leave them there. */
  noteScroll() {
    const { scrollLeft, scrollWidth, clientWidth } = this.box;
    if (this.isScrolling) return (this.isScrolling = false);
    this.follows = scrollLeft + clientWidth >= scrollWidth - SIZE.column;
  }

  /** Takes over a new model. */
  update({ model, blocks }) {
    this.isNarrow = this.box.clientWidth < 480 || model.nodes.size > 6;
    this.pillWidth = this.isNarrow ? SIZE.pill.narrow : SIZE.pill.wide;
    this.plan = layOut(model, blocks, this.pillWidth);
    const miners = minersOf(model);
    const used = new Set();
    const time = performance.now();
    for (const link of this.plan.links) used.add(this.drawLink(link));
    for (const block of this.plan.blocks) {
      used.add(this.drawBlock(block, miners, up(model)));
      this.places.aim(block.hash, block.x, block.y, time);
    }
    for (const pill of this.plan.pills) {
      used.add(this.drawPill(pill, miners));
      this.places.aim(`pill ${pill.id}`, pill.x, pill.y, time);
    }
    for (const [key, element] of this.elements) {
      if (used.has(key)) continue;
      element.remove();
      this.elements.delete(key);
    }
    this.places.forget(used);
    this.resize();
    this.keepFocus();
    this.frame(time);
  }

  resize() {
    const { width, height } = this.plan;
    const wide = Math.max(width, this.box.clientWidth - 2);
    if (this.size === `${wide} ${height}`) return;
    this.size = `${wide} ${height}`;
    this.svg.setAttribute('width', wide);
    this.svg.setAttribute('height', height);
    if (!this.follows) return;
    this.isScrolling = this.box.scrollLeft + this.box.clientWidth < this.box.scrollWidth - 1;
    this.box.scrollLeft = this.box.scrollWidth;
  }

  /** Moves everything a little, and comes again while anything moves. */
  frame(time) {
    this.places.step(time);
    for (const [key, { x, y }] of this.places.now) {
      const element = this.elements.get(key);
      if (element) element.setAttribute('transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    }
    for (const { hash, from, to } of this.plan.links) {
      const [a, b] = [this.places.now.get(from), this.places.now.get(to)];
      if (a && b) this.elements.get(`link ${hash}`).setAttribute('d', curve(a, b));
    }
    if (this.places.moves.size > 0 && !this.isWaiting) {
      this.isWaiting = true;
      requestAnimationFrame((next) => {
        this.isWaiting = false;
        this.frame(next);
      });
    }
  }

  element(key, layer, make) {
    if (!this.elements.has(key)) this.elements.set(key, this.layers[layer].appendChild(make()));
    return this.elements.get(key);
  }

  drawLink({ hash, nodes }) {
    const key = `link ${hash}`;
    const path = this.element(key, 0, () => svg('path'));
    path.setAttribute('class', nodes.length > 0 ? 'link' : 'link ghost');
    path.setAttribute('stroke-width', nodes.length > 0 ? 1 + Math.min(nodes.length, 6) * 2 : 1.5);
    return key;
  }

  drawBlock({ hash, block, nodes }, miners, total) {
    const element = this.element(hash, 1, () => this.makeBlock(hash));
    const mark = markOfBlock(block, miners);
    const [, name, shape, miner] = element.children;
    element.setAttribute('class', `block colour-${mark.colour}${nodes.length > 0 ? '' : ' ghost'}`);
    shape.setAttribute('d', mark.path);
    setText(name, `#${block.height}`);
    setText(miner, block.height === 0 ? 'genesis' : String(block.miner));
    const who = block.height === 0 ? 'the genesis block, which all begin with' : `mined by ${block.miner}`;
    const stands = nodes.length > 0 ? `${nodes.length} of ${total} nodes stand on it` : 'abandoned';
    element.setAttribute('aria-label', `Block ${block.height}, ${who}, ${stands}. Enter shows its bytes.`);
    element.dataset.height = block.height;
    element.dataset.standing = nodes.length;
    return hash;
  }

  makeBlock(hash) {
    const { width, height } = SIZE.block;
    const open = () => {
      this.focused = hash;
      this.keepFocus();
      this.onOpen(hash);
    };
    const group = svg('g', { role: 'button', tabindex: -1, on: { click: open, focus: () => (this.focused = hash) } },
      svg('rect', { x: -width / 2, y: -height / 2, width, height, rx: 10 }),
      svg('text', { class: 'height', y: -6 }),
      svg('path', { class: 'mark', transform: 'translate(-25 12) scale(6)', 'fill-rule': 'evenodd' }),
      svg('text', { class: 'miner', x: 8, y: 16 }));
    group.dataset.hash = hash;
    return group;
  }

  drawPill({ id, node, isTip }, miners) {
    const key = `pill ${id}`;
    const { height } = SIZE.pill;
    const element = this.element(key, 2, () => svg('g', {},
      svg('rect', { y: -height / 2, height, rx: height / 2 }),
      svg('path', { class: 'mark', transform: 'translate(14 0) scale(5.5)', 'fill-rule': 'evenodd' }),
      svg('text', { x: 26, y: 4.5 })));
    const mark = markOf(node.miner, miners);
    const [box, shape, text] = element.children;
    box.setAttribute('width', this.pillWidth);
    element.setAttribute('class', `pill colour-${mark.colour}${node.up ? '' : ' gone'}${isTip ? '' : ' behind'}`);
    shape.setAttribute('d', mark.path);
    setText(text, this.isNarrow ? `${node.name}` : `${node.name} ${node.up ? 'is here' : 'is gone'}`);
    element.dataset.node = node.name;
    element.dataset.on = node.tip;
    return key;
  }

  /** One block at a time can be reached by Tab: the one last chosen, or the newest. */
  keepFocus() {
    const hashes = this.plan.blocks.map(({ hash }) => hash);
    const reachable = hashes.includes(this.focused) ? this.focused : hashes.at(-1);
    for (const hash of hashes) this.elements.get(hash).setAttribute('tabindex', hash === reachable ? 0 : -1);
  }

  onKey(event) {
    const from = event.target.closest?.('.block');
    if (!from) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      return this.onOpen(from.dataset.hash);
    }
    const next = this.neighbour(from.dataset.hash, event.key);
    if (!next) return;
    event.preventDefault();
    this.focused = next;
    this.keepFocus();
    const element = this.elements.get(next);
    element.focus({ preventScroll: true });
    const { x } = this.places.now.get(next);
    this.box.scrollLeft = x - this.box.clientWidth / 2;
  }

  /** Left is the block before, right one after, up and down are rivals of the same height. */
  neighbour(hash, key) {
    const { blocks } = this.plan;
    const here = blocks.find((block) => block.hash === hash);
    const rivals = blocks.filter((block) => block.x === here.x);
    const rank = rivals.indexOf(here);
    switch (key) {
      case 'ArrowLeft': return blocks.find((block) => block.hash === here.block.previous)?.hash;
      case 'ArrowRight': return blocks.find((block) => block.block.previous === hash)?.hash;
      case 'ArrowUp': return rivals[rank - 1]?.hash;
      case 'ArrowDown': return rivals[rank + 1]?.hash;
      case 'Home': return blocks[0].hash;
      case 'End': return blocks.at(-1).hash;
      default: return undefined;
    }
  }
}

const up = (model) => [...model.nodes.values()].filter((node) => node.up).length;

/** From the right edge of a block to the left edge of the next. */
function curve(a, b) {
  const half = SIZE.block.width / 2;
  const [x1, x2] = [a.x + half, b.x - half];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${a.y}C${middle} ${a.y} ${middle} ${b.y} ${x2} ${b.y}`;
}
