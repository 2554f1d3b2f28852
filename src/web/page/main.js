// The live page of a Cairn network, without framework or build step.
//
//   net.js      listens to all nodes and hands on what it learns, as changes
//   history.js  keeps the changes in the order of their times
//   model.js    folds them into a model: who stands on which block, and so on
//   story.js    says in one sentence what a model means
//   layout.js   gives each block its place; tree.js draws them
//   nodes.js, feed.js, sides.js, replay.js, demo.js, inspect.js   the panels
//   bytes.js, marks.js, dom.js   75 bytes, shapes and colours, small helpers
//
// This file ties them together and draws whenever something has changed.

import { Demo } from './demo.js';
import { byId, html, markIcon, setText } from './dom.js';
import { Feed } from './feed.js';
import { History } from './history.js';
import { Inspector } from './inspect.js';
import { markOf } from './marks.js';
import { nodesOf, portsOf } from './model.js';
import { Network } from './net.js';
import { Cards } from './nodes.js';
import { Replay } from './replay.js';
import { Sides } from './sides.js';
import { tell } from './story.js';
import { Tree } from './tree.js';

/** What moves with time alone is drawn this often. */
const TICK_MS = 250;

/** A sentence that has stood for this long is read out to those who do not see it. */
const SETTLED_MS = 800;

/** How long a message about something that went wrong stays. */
const NOTICE_MS = 8000;

const history = new History();
const network = new Network({
  change: (change) => {
    history.add(change);
    redraw();
  },
  fact: (block, seenMs) => history.addFact(block, seenMs),
  knows: (hash) => history.facts.get(hash)?.timestamp != null,
});

const live = () => history.live();
const tree = new Tree((hash) => inspector.open(hash, history.facts.get(hash)));
const cards = new Cards((id, path) => send([{ id, path }]));
const sides = new Sides(send);
const feed = new Feed();
const replay = new Replay(history, redraw);
const demo = new Demo(live, send, say);
const inspector = new Inspector(load, () => live().zeroBits);

let isDrawing = false;

/** Draws with the next picture, however many changes come before it. */
function redraw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame((time) => {
    isDrawing = false;
    replay.step(time);
    draw();
    if (replay.isRunning) redraw();
  });
}

function draw() {
  const model = replay.isOn ? history.past(replay.at) : live();
  const now = replay.at ?? Date.now();
  tree.update(model, history.facts);
  cards.update(model, now, replay.isOn);
  sides.update(model, replay.isOn || demo.isRunning);
  feed.update(model);
  replay.draw();
  drawStory(model);
  drawLegend(model);
  drawOrders(model);
}

function drawStory(model) {
  const { state, badge, sentence, detail } = tell(model, history.facts);
  byId('badge').dataset.state = state;
  setText(byId('badge'), badge);
  setText(byId('sentence'), sentence);
  setText(byId('detail'), detail);
  document.title = `${badge} – Cairn`;
  if (drawStory.sentence === sentence) return;
  drawStory.sentence = sentence;
  // Read out what stays for a moment, not each step on the way there.
  clearTimeout(drawStory.timer);
  drawStory.timer = setTimeout(() => setText(byId('said'), `${badge}. ${sentence}`), SETTLED_MS);
}

function drawLegend(model) {
  const ports = portsOf(model);
  if (drawLegend.drawn === ports.join()) return;
  drawLegend.drawn = ports.join();
  const miners = ports.flatMap((port) => [markIcon(markOf(port, ports)), ` ${port} `]);
  byId('legend-miners').replaceChildren(html('span', {}, 'found by '), ...miners);
  setText(byId('luck'), '');
}

function drawOrders(model) {
  const up = nodesOf(model).filter((node) => node.up);
  const button = byId('pause-all');
  button.dataset.path = up.length > 0 && up.every((node) => node.paused) ? '/resume' : '/pause';
  setText(button, button.dataset.path === '/resume' ? 'Resume all' : 'Pause all');
  button.disabled = replay.isOn || demo.isRunning || up.length === 0;
  byId('demo').disabled = replay.isOn;
  byId('token-row').hidden = !network.needsToken;
  const average = (2 ** model.zeroBits).toLocaleString('en');
  setText(byId('luck'), `Each try has the same chance, 1 in ${average}; the mark in the middle is that average. `
    + 'A search has no memory: a long one is no closer to its end.');
}

let sending = Promise.resolve();

/**
 * Carries orders out, all at once; tells of those that were refused. Orders that
 * depend on how things stand are a function of the nodes: it is called when all
 * orders before it are done.
 */
function send(orders) {
  const isLater = typeof orders === 'function';
  const sent = isLater ? sending.then(() => carryOut(orders(nodesOf(live())))) : carryOut(orders);
  sending = Promise.all([sending, sent]);
  return sent;
}

async function carryOut(orders) {
  const results = await Promise.allSettled(orders.map(({ id, path, body }) => network.post(id, path, body)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) say(`That did not work: ${failed.reason.message}`);
  redraw();
}

function say(words) {
  const notice = byId('notice');
  notice.hidden = false;
  setText(notice, words);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (notice.hidden = true), NOTICE_MS);
}

/** A block as some node tells it. */
async function load(hash) {
  const up = nodesOf(live()).filter((node) => node.up);
  for (const { id } of up) {
    const answer = await fetch(`${id}/blocks/${hash}`).catch(() => null);
    if (answer?.ok) return answer.json();
  }
  throw new Error(up.length > 0 ? 'nobody has it any more' : 'nobody is there');
}

byId('pause-all').addEventListener('click', ({ currentTarget }) => {
  const up = nodesOf(live()).filter((node) => node.up);
  send(up.map(({ id }) => ({ id, path: currentTarget.dataset.path })));
});

byId('token-row').addEventListener('submit', (event) => {
  event.preventDefault();
  network.setToken(byId('token').value);
});

byId('feed-all').addEventListener('change', redraw);
window.addEventListener('resize', redraw);
setInterval(() => {
  history.prune(Date.now());
  redraw();
}, TICK_MS);

/** Begins with the node that this page came from, which names the others. */
async function begin() {
  for (;;) {
    const info = await fetch('/node/info').then((answer) => answer.json()).catch(() => null);
    if (info?.network) return network.meet(info.network);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

begin();
redraw();
