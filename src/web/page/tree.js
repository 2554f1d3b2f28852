// Draws the block tree: blocks, the links between them, and a pill for each node.

import { areBlock } from './bytes.js';
import { Crowd } from './crowd.js';
import { byId, setText, svg } from './dom.js';
import { CROWD, SIZE, layOut } from './layout.js';
import { markOf, markOfBlock } from './marks.js';
import { byTip, minersOf } from './groups.js';
import { shorten, shownName } from './names.js';
import { Places } from './places.js';
import { Window } from './window.js';

/** In a box narrower than this, pills are narrow and few. */
const NARROW_PIXELS = 480;

/** How many letters of a name fit into a block. */
const LETTERS = 8;

/** In a narrow box, the greatest number of nodes at one tip that have a pill each. */
const NARROW_CROWD = 3;

/**
 * The drawing. `onOpen(hash)` is called when somebody wants to see a block's bytes,
 * `onMissing(from, to)` when unknown blocks are in sight, `onMove` when another part of
 * the chain comes into sight.
 */
export class Tree {
  constructor({ onOpen, onMissing, onMove }) {
    this.box = byId('tree-box');
    this.svg = byId('tree');
    this.window = new Window(this.box, byId('tree-space'), this.svg);
    this.crowd = new Crowd();
    this.layers = ['links', 'blocks', 'pills'].map((name) => this.svg.appendChild(svg('g', { class: name })));
    this.elements = new Map();
    this.places = new Places();
    Object.assign(this, { onOpen, onMissing, onMove });
    this.focused = null;
    this.box.addEventListener('scroll', () => {
      this.window.noteScroll();
      onMove();
    });
    this.svg.addEventListener('keydown', (event) => this.onKey(event));
  }

  /** Draws a new scene. */
  update(scene) {
    const { model, blocks, can } = scene;
    this.scene = scene;
    const up = [...model.nodes.values()].filter((node) => node.up);
    this.total = up.length || model.nodes.size;
    /** Whether a node can be asked for a block's bytes. */
    this.hasBytes = can.has('blocks') && up.length > 0;
    const isNarrow = this.box.clientWidth < NARROW_PIXELS;
    this.isShort = isNarrow || model.nodes.size > CROWD;
    const view = {
      ...this.window.heights(model.top),
      pillWidth: this.isShort ? SIZE.pill.narrow : SIZE.pill.wide,
      crowd: isNarrow ? NARROW_CROWD : CROWD,
    };
    this.plan = layOut(model, blocks, view);
    this.window.resize(view.from, this.plan.width, this.plan.height, this.middle(up));
    this.draw(minersOf(model), performance.now());
    this.crowd.update(scene, this.plan.pills);
    byId('legend-press').hidden = !this.plan.blocks.some(({ block }) => this.isOpen(block));
    byId('to-tip').hidden = this.window.follows;
    if (!this.window.follows) this.askForMissing(view);
  }

  /** How far down the tip of most nodes is. */
  middle(up) {
    const [most] = [...byTip(up)].sort(([, some], [, others]) => others.length - some.length);
    return this.plan.blocks.find(({ hash }) => hash === most?.[0])?.y ?? 0;
  }

  draw(miners, time) {
    const used = new Set();
    for (const link of this.plan.links) used.add(this.drawLink(link));
    for (const block of this.plan.blocks) {
      used.add(this.drawBlock(block, miners));
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
    this.places.keep(used);
    this.keepFocus();
    this.frame(time);
  }

  askForMissing({ from, to }) {
    const shown = new Set(this.plan.blocks.map(({ block }) => block.height));
    for (let height = from; height <= Math.min(to, this.scene.model.top); height += 1) {
      if (!shown.has(height)) return this.onMissing(from, to);
    }
    return undefined;
  }

  /** Moves everything a little, and repeats while anything moves. */
  frame(time) {
    this.places.step(time);
    const { origin } = this.window;
    for (const [key, { x, y }] of this.places.now) {
      this.elements.get(key)?.setAttribute('transform', `translate(${(x - origin).toFixed(1)} ${y.toFixed(1)})`);
    }
    for (const { hash, from, to } of this.plan.links) {
      const [a, b] = [this.places.now.get(from), this.places.now.get(to)];
      if (a && b) this.elements.get(`link ${hash}`).setAttribute('d', curve(a, b, origin));
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

  /** Whether the page can show a block's bytes, so that the block can be pressed. */
  isOpen(block) {
    return areBlock(block.bytes) || this.hasBytes;
  }

  drawLink({ hash, nodes }) {
    const key = `link ${hash}`;
    const path = this.element(key, 0, () => svg('path'));
    path.setAttribute('class', nodes.length > 0 ? 'link' : 'link ghost');
    path.setAttribute('stroke-width', nodes.length > 0 ? 1 + Math.min(nodes.length, 6) * 2 : 1.5);
    return key;
  }

  drawBlock({ hash, block, nodes }, miners) {
    const element = this.element(hash, 1, () => this.makeBlock(hash));
    const isFixed = !this.isOpen(block);
    const mark = markOfBlock(block, miners);
    const [, name, shape, miner] = element.children;
    const ghost = nodes.length > 0 ? '' : ' ghost';
    element.setAttribute('class', `block colour-${mark.colour}${ghost}${isFixed ? ' fixed' : ''}`);
    element.setAttribute('aria-disabled', isFixed);
    shape.setAttribute('d', mark.path);
    // The space at the end keeps it apart from the next number when the picture is read as text.
    setText(name, `#${block.height} `);
    setText(miner, block.height === 0 ? 'genesis' : shorten(shownName(block.miner), LETTERS));
    element.setAttribute('aria-label', `${this.wordsOf(block, nodes)}${isFixed ? '' : ' Enter shows its bytes.'}`);
    element.dataset.height = block.height;
    element.dataset.standing = nodes.length;
    return hash;
  }

  /** A block in words; they begin with the visible text, for people who control their computer by voice. */
  wordsOf(block, nodes) {
    const who = block.height === 0 ? 'genesis block, the first of every chain' : `${shownName(block.miner)}, who mined it`;
    const stands = nodes.length > 0 ? `${nodes.length} of ${this.total} nodes have it in their chain` : 'abandoned';
    return `#${block.height} ${who}; ${stands}.`;
  }

  makeBlock(hash) {
    const { width, height } = SIZE.block;
    const open = () => {
      this.focused = hash;
      this.keepFocus();
      if (group.getAttribute('aria-disabled') !== 'true') this.onOpen(hash);
    };
    const group = svg('g', { role: 'button', tabindex: -1, on: { click: open, focus: () => (this.focused = hash) } },
      svg('rect', { x: -width / 2, y: -height / 2, width, height, rx: 10 }),
      svg('text', { class: 'height', y: -6 }),
      svg('path', { class: 'mark', transform: 'translate(-25 12) scale(6)', 'fill-rule': 'evenodd' }),
      svg('text', { class: 'miner', x: 8, y: 16 }));
    group.dataset.hash = hash;
    return group;
  }

  drawPill(pill, miners) {
    const key = `pill ${pill.id}`;
    return pill.id.startsWith('crowd ') ? this.drawCrowd(key, pill) : this.drawNode(key, pill, miners);
  }

  drawNode(key, { nodes: [node], width, isTip }, miners) {
    const { height } = SIZE.pill;
    const element = this.element(key, 2, () => svg('g', {},
      svg('rect', { y: -height / 2, height, rx: height / 2 }),
      svg('path', { class: 'mark', transform: 'translate(14 0) scale(5.5)', 'fill-rule': 'evenodd' }),
      svg('text', { x: 26, y: 4.5 })));
    const mark = markOf(node.miner, miners);
    const [box, shape, text] = element.children;
    box.setAttribute('width', width);
    element.setAttribute('class', `pill colour-${mark.colour}${node.up ? '' : ' gone'}${isTip ? '' : ' behind'}`);
    shape.setAttribute('d', mark.path);
    const name = shorten(node.name, LETTERS);
    setText(text, width < SIZE.pill.wide ? name : `${name} ${node.up ? 'is here' : 'is gone'}`);
    element.dataset.node = node.name;
    element.dataset.on = node.tip;
    return key;
  }

  /** The pill of many nodes at one tip: it shows their number, and a press shows their names. */
  drawCrowd(key, { hash, nodes, width }) {
    const { height } = SIZE.pill;
    const open = () => {
      this.crowd.toggle(hash);
      this.crowd.update(this.scene, this.plan.pills);
    };
    const element = this.element(key, 2, () => svg('g', { class: 'pill crowd', role: 'button', tabindex: 0, on: { click: open } },
      svg('rect', { y: -height / 2, height, rx: height / 2 }),
      svg('text', { y: 4.5 })));
    const [box, text] = element.children;
    box.setAttribute('width', width);
    text.setAttribute('x', width / 2);
    setText(text, `${nodes.length} nodes`);
    element.setAttribute('aria-label', `${nodes.length} nodes on block ${nodes[0].height}: show their names`);
    element.dataset.on = hash;
    element.dataset.count = nodes.length;
    return key;
  }

  /** Moves a block into the middle of the picture, and gives it the focus if it is known. */
  show(height, hash) {
    this.window.show(height);
    this.update(this.scene);
    if (!this.elements.has(hash)) return;
    this.focused = hash;
    this.keepFocus();
    this.window.reveal(this.plan.blocks.find((block) => block.hash === hash).y);
    this.elements.get(hash).focus({ preventScroll: true });
  }

  toTip() {
    this.window.toTip();
    this.update(this.scene);
    this.window.toTip();
  }

  /** Tab reaches one block at a time: the last one chosen, or the newest. */
  keepFocus() {
    const hashes = this.plan.blocks.map(({ hash }) => hash);
    const reachable = hashes.includes(this.focused) ? this.focused : hashes.at(-1);
    for (const hash of hashes) this.elements.get(hash).setAttribute('tabindex', hash === reachable ? 0 : -1);
  }

  onKey(event) {
    const { target, key } = event;
    if (key === 'Enter' || key === ' ') {
      event.preventDefault();
      return target.dispatchEvent(new MouseEvent('click'));
    }
    const hash = target.closest?.('.block')?.dataset.hash;
    const next = hash && this.neighbour(hash, key);
    if (!next) return undefined;
    event.preventDefault();
    return next.hash ? this.show(next.height, next.hash) : this.toTip();
  }

  /** Left is the block before, right a block after, up and down are rivals of the same height. */
  neighbour(hash, key) {
    const { blocks } = this.scene;
    const here = this.plan.blocks.find((block) => block.hash === hash);
    const rivals = this.plan.blocks.filter((block) => block.x === here.x);
    const rank = rivals.indexOf(here);
    switch (key) {
      case 'ArrowLeft': return blocks.get(here.block.previous) ?? { height: here.block.height - 1, hash: here.block.previous };
      case 'ArrowRight': return this.plan.blocks.find(({ block }) => block.previous === hash)?.block;
      case 'ArrowUp': return rivals[rank - 1]?.block;
      case 'ArrowDown': return rivals[rank + 1]?.block;
      case 'Home': return { height: 0, hash: blocks.at(0)[0]?.hash ?? 'genesis' };
      case 'End': return { height: this.scene.model.top };
      default: return undefined;
    }
  }
}

/** From the right edge of a block to the left edge of the next. */
function curve(a, b, origin) {
  const half = SIZE.block.width / 2;
  const [x1, x2] = [a.x + half - origin, b.x - half - origin];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${a.y}C${middle} ${a.y} ${middle} ${b.y} ${x2} ${b.y}`;
}
