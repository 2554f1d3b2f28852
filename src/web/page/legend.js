// The legend for colours and shapes: a mark for each miner.

import { byId, html, markIcon, setText } from './dom.js';
import { markOf } from './marks.js';
import { minersOf, nodesOf } from './groups.js';

/** The most miners in the legend; the cards show the others. */
const NAMED = 12;

/** The line of miners below the tree, and the sentence about searches. */
export class Legend {
  update({ model }) {
    const miners = minersOf(model);
    const nodes = nodesOf(model);
    const mark = JSON.stringify([miners, nodes.map(({ name }) => name), model.zeroBits]);
    if (this.drawn === mark) return;
    this.drawn = mark;
    const icons = nodes.slice(0, NAMED).flatMap(({ miner, name }) => [markIcon(markOf(miner, miners)), ` ${name} `]);
    const rest = miners.length > NAMED ? `and ${miners.length - NAMED} more, see their cards` : '';
    byId('legend-miners').replaceChildren(html('span', {}, 'found by '), ...icons, rest);
    const average = (2 ** model.zeroBits).toLocaleString('en');
    setText(byId('luck'), `Each try has the same chance, 1 in ${average}. The line in the middle of a bar stands for that many tries, the average. `
      + 'A search has no memory: a long one is no closer to its end.');
  }
}
