// Splits the network: drag a node to the other side, or press it.

import { areConnected, nodesOf, minersOf, sidesOf } from './groups.js';
import { byId, html, markIcon, setText } from './dom.js';
import { markOf } from './marks.js';

/** A pointer that moved no further than this was a press, not a drag. */
const DRAG_PIXELS = 8;

/** More nodes than this are drawn closer together. */
const CROWDED = 6;

/**
 * The commands that divide the nodes into these two sides: nodes on different sides
 * refuse each other, nodes on the same side do not. Pure.
 */
export function ordersFor(nodes, isOver) {
  const orders = [];
  for (const node of nodes) {
    for (const other of nodes) {
      if (node === other || !node.up) continue;
      const command = isOver(node) === isOver(other) ? 'connect' : 'disconnect';
      const isRefused = node.refused.has(other.address);
      if (isRefused === (command === 'disconnect')) continue;
      orders.push({ id: node.id, command, detail: other.address });
    }
  }
  return orders;
}

/**
 * The ids of the nodes on the other side, as a Set. Each group of nodes that hear each
 * other goes to the side where most of its nodes are wanted, so that a node stays where
 * it was dropped; but with two groups or more, neither side is empty. Pure.
 */
export function placeSides(groups, wanted) {
  if (groups.length < 2) return new Set();
  const share = (group) => group.filter(({ id }) => wanted.has(id)).length / group.length;
  const shares = groups.map(share);
  // The group that is least wanted on the other side stays here in any case.
  const here = shares.indexOf(Math.min(...shares));
  const isAllHere = shares.every((part) => part <= 0.5);
  const over = groups.filter((group, index) => index !== here && (isAllHere || shares[index] > 0.5));
  return new Set(over.flat().map(({ id }) => id));
}

/** The ids of the second half of the nodes, which is the greater if their number is odd. */
export function halfOf(nodes) {
  return new Set(nodes.slice(Math.floor(nodes.length / 2)).map(({ id }) => id));
}

/** The two sides. `send` takes a function that makes orders once all earlier ones are done. */
export class Sides {
  constructor(send) {
    this.send = send;
    this.zones = [byId('side-a'), byId('side-b')];
    this.splitButton = byId('split');
    this.healButton = byId('heal');
    this.splitButton.addEventListener('click', () => this.split());
    this.healButton.addEventListener('click', () => this.heal());
    /** The ids of the nodes that somebody moved to the other side by hand. */
    this.wanted = new Set();
  }

  update({ model, can, isLocked }) {
    const isFixed = isLocked || !can.has('disconnect');
    this.nodes = nodesOf(model);
    const sides = sidesOf(model);
    const isWhole = sides.length < 2;
    const count = this.nodes.filter((node) => node.up).length;
    // Once the network is whole again, earlier moves no longer count.
    if (this.wasSplit && isWhole) this.wanted = new Set();
    this.wasSplit = !isWhole;
    this.over = placeSides(sides, this.wanted);
    const mark = JSON.stringify([this.nodes.map(({ id, name, miner, up }) => [id, name, miner, up]), [...this.over], isFixed]);
    // During a drag nothing is drawn again.
    if (mark === this.drawn || this.held) return;
    this.drawn = mark;
    const focused = document.activeElement?.dataset?.token;
    this.zones.forEach((zone) => zone.querySelectorAll('.token').forEach((token) => token.remove()));
    for (const node of this.nodes) {
      const token = this.make(node, minersOf(model), isFixed);
      this.zones[this.over.has(node.id) ? 1 : 0].append(token);
      if (focused === node.id) token.focus();
    }
    setText(byId('side-b-hint'), isWhole && !isFixed && count > 0 ? 'Drag a node here, or press it, to cut it off.' : '');
    this.zones[1].classList.toggle('is-empty', isWhole);
    for (const zone of this.zones) {
      zone.classList.toggle('is-crowded', this.nodes.length > CROWDED);
      // The keyboard must reach a side that scrolls.
      zone.tabIndex = this.nodes.length > CROWDED ? 0 : -1;
    }
    this.splitButton.disabled = isFixed || !isWhole || count < 2;
    this.healButton.disabled = isFixed || count === 0 || this.isHealthy();
  }

  isHealthy() {
    return this.nodes.every((node) => this.nodes.every((other) => node === other || areConnected(node, other)));
  }

  make(node, miners, isFixed) {
    const isOver = this.over.has(node.id);
    const label = `${node.name}: move it to ${isOver ? 'the others' : 'the other side, out of hearing'}`;
    const token = html('button', { type: 'button', class: 'token', 'data-token': node.id, 'data-node': node.name, 'aria-label': label, disabled: isFixed || !node.up },
      markIcon(markOf(node.miner, miners), 16), `${node.name}`);
    token.addEventListener('click', () => {
      if (!this.wasDragged) this.move(node, !isOver);
    });
    token.addEventListener('pointerdown', (event) => this.hold(event, token, node));
    return token;
  }

  /** Follows the pointer, and moves the node when the pointer lets go. */
  hold(event, token, node) {
    if (event.button !== 0 || token.disabled) return;
    const start = { x: event.clientX, y: event.clientY };
    this.held = token;
    this.wasDragged = false;
    token.setPointerCapture(event.pointerId);
    const drag = ({ clientX, clientY }) => {
      const [x, y] = [clientX - start.x, clientY - start.y];
      if (Math.hypot(x, y) > DRAG_PIXELS) this.wasDragged = true;
      if (this.wasDragged) token.style.transform = `translate(${x}px, ${y}px)`;
      this.zones.forEach((zone) => zone.classList.toggle('is-target', this.wasDragged && isInside(zone, clientX, clientY)));
    };
    const drop = ({ type, clientX, clientY }) => {
      token.removeEventListener('pointermove', drag);
      token.removeEventListener('pointerup', drop);
      token.removeEventListener('pointercancel', drop);
      token.style.transform = '';
      this.held = null;
      // The click that ends a drag comes right after it; later clicks are real ones.
      setTimeout(() => (this.wasDragged = false));
      this.zones.forEach((zone) => zone.classList.remove('is-target'));
      const zone = this.zones.findIndex((zone) => isInside(zone, clientX, clientY));
      if (type === 'pointerup' && this.wasDragged && zone >= 0) this.move(node, zone === 1);
    };
    token.addEventListener('pointermove', drag);
    token.addEventListener('pointerup', drop);
    token.addEventListener('pointercancel', drop);
  }

  move(node, toOver) {
    if (this.over.has(node.id) === toOver) return undefined;
    const over = new Set(this.over);
    if (toOver) over.add(node.id);
    else over.delete(node.id);
    this.wanted = over;
    return this.send((nodes) => ordersFor(nodes, ({ id }) => over.has(id)));
  }

  /** Divides the nodes into two halves. */
  split() {
    const up = this.nodes.filter((node) => node.up);
    this.wanted = halfOf(up);
    return this.send((nodes) => ordersFor(nodes, ({ id }) => this.wanted.has(id)));
  }

  heal() {
    return this.send((nodes) => ordersFor(nodes, () => false));
  }
}

function isInside(element, x, y) {
  const box = element.getBoundingClientRect();
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}
