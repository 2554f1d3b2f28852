// The feed: the events, newest first, each with its reason.

import { byId, clock, html, markIcon } from './dom.js';
import { markOf } from './marks.js';
import { minersOf } from './groups.js';
import { isSmall } from './model.js';
import { tellNews } from './story.js';

/** How many lines are shown. */
const LINES = 60;

/** News of the whole network, not of one node. */
const OF_ALL = new Set(['split', 'healed', 'links', 'paced', 'failed']);

/** The list. */
export class Feed {
  constructor() {
    this.list = byId('feed');
    this.all = byId('feed-all');
  }

  /** Shows the news of a model; does nothing if there is none. */
  update({ model }) {
    const mark = `${model.news[0]?.at} ${model.count} ${minersOf(model)} ${this.all.checked}`;
    if (mark === this.drawn) return;
    this.drawn = mark;
    const items = fold(model.news.filter((item) => this.all.checked || !isSmall(item))).slice(-LINES).reverse();
    this.list.replaceChildren(...items.map((item) => draw(item, minersOf(model))));
  }
}

/** Repetitions of the same news of the same node become one line with a count. */
function fold(news) {
  const lines = [];
  for (const item of news) {
    const { what, why } = tellNews(item);
    const count = item.merged ?? 1;
    const words = `${item.name} ${what} ${why}`;
    const same = item.kind === 'ignored' && lines.slice(-4).find((line) => line.words === words);
    if (same) same.count += count;
    else lines.push({ item, what, why, words, count });
  }
  return lines;
}

function draw({ item, what, why, count }, miners) {
  const who = OF_ALL.has(item.kind) ? [html('b', {}, 'The network')] : [markIcon(markOf(item.miner, miners)), html('b', {}, item.name)];
  return html('li', { class: `news ${item.kind}${item.abandoned > 0 ? ' reorganised' : ''}` },
    html('time', {}, clock(item.at)), ' ', ...who, ` ${what}`,
    count > 1 ? ` (${count} times)` : null,
    why ? html('span', { class: 'why' }, ` – ${why}`) : null);
}
