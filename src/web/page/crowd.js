// The list of the nodes in a pill that stands for many nodes.

import { byId, html, markIcon, setText } from './dom.js';
import { markOf } from './marks.js';
import { minersOf } from './groups.js';

/** The list below the tree; closed until a pill is pressed. */
export class Crowd {
  constructor() {
    this.panel = byId('crowd');
    this.open = null;
    byId('crowd-close').addEventListener('click', () => {
      this.toggle(this.open);
      this.panel.hidden = true;
      this.opener?.focus();
    });
  }

  /** Opens the list of the nodes at a block, or closes it. */
  toggle(hash) {
    this.open = this.open === hash ? null : hash;
    if (this.open) this.opener = document.activeElement;
  }

  /** Shows the nodes that are there now; once the pill is gone, its list closes. */
  update({ model }, pills) {
    const pill = pills.find(({ id }) => id === `crowd ${this.open}`);
    this.panel.hidden = !pill;
    if (!pill) return;
    const miners = minersOf(model);
    const mark = JSON.stringify([pill.hash, miners, pill.nodes.map(({ name, up }) => [name, up])]);
    if (mark === this.drawn) return;
    this.drawn = mark;
    setText(byId('crowd-title'), `${pill.nodes.length} nodes on block ${pill.nodes[0].height}`);
    byId('crowd-list').replaceChildren(...pill.nodes.map((node) =>
      html('li', {}, markIcon(markOf(node.miner, miners)), node.up ? node.name : `${node.name} (gone)`)));
  }
}
