// The live page of a Cairn network, without framework or build step.
//
//   source.js   where changes come from: net.js and link.js, or recorded.js
//   history.js  keeps the changes in the order of their times
//   model.js    folds them into a model: who stands on which block, and so on;
//               blocks.js has the blocks themselves
//   story.js    says in one sentence what a model means
//   layout.js   gives each block its place; tree.js draws them
//   nodes.js, feed.js, sides.js, replay.js, demo.js, inspect.js   the panels
//   recording.js, save.js   recordings, written and read
//   address.js, bytes.js, marks.js, dom.js   what follows the #, 75 bytes, shapes
//               and colours, small helpers
//
// This file ties them together and draws whenever something has changed. What the
// panels draw is a scene: {model, blocks, now, can, isReplay, isLocked}.

import { readAddress, showAddress } from './address.js';
import { Demo } from './demo.js';
import { byId, html, markIcon, setText } from './dom.js';
import { Feed } from './feed.js';
import { History } from './history.js';
import { Inspector } from './inspect.js';
import { markOf } from './marks.js';
import { nodesOf } from './model.js';
import { Cards } from './nodes.js';
import { Replay } from './replay.js';
import { handleFiles } from './save.js';
import { Sides } from './sides.js';
import { sourceOf } from './source.js';
import { tell } from './story.js';
import { Tree } from './tree.js';

/** What moves with time alone is drawn this often. */
const TICK_MS = 250;

/** A sentence that has stood for this long is read out to those who do not see it. */
const SETTLED_MS = 800;

/** How long a message about something that went wrong stays. */
const NOTICE_MS = 8000;

let history = new History();
let source = null;

/** Where the recording shown is from, if the page's address names one. */
let recording = null;

const live = () => history.live();
const tree = new Tree((hash) => inspector.open(hash, history.blocks.get(hash)));
const cards = new Cards((id, command) => send([{ id, command }]));
const sides = new Sides(send);
const feed = new Feed();
const replay = new Replay(redraw);
const demo = new Demo(live, send, say);
const inspector = new Inspector((hash) => source.block(hash), () => live().zeroBits);

/** Shows what another source tells, from nothing on. */
async function open(next) {
  source?.stop();
  source = next;
  history = new History();
  replay.show(history, source.can.has('live'));
  for (const element of document.querySelectorAll('[data-needs]')) element.hidden = !source.can.has(element.dataset.needs);
  setText(byId('source'), source.can.has('live') ? '' : source.title);
  redraw();
  const mine = history;
  try {
    await source.start((change) => {
      mine.add(change);
      redraw();
    });
    if (mine === history && !source.can.has('live')) replay.show(history, false);
    redraw();
  } catch (error) {
    say(`The ${source.title} cannot be shown: ${error.message}.`);
  }
}

/** Opens what the address names. */
function openAddress() {
  const address = readAddress(location.hash);
  recording = address.recording;
  try {
    open(sourceOf(address));
  } catch (error) {
    say(`The recording cannot be shown: ${error.message}.`);
    open(sourceOf({}));
  }
}

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
  const isReplay = replay.isOn;
  const scene = {
    model: isReplay ? history.past(replay.at) : live(),
    blocks: history.blocks,
    now: replay.at ?? Date.now(),
    can: source.can,
    isReplay,
    isLocked: isReplay || demo.isRunning,
  };
  for (const panel of [tree, cards, sides, feed]) panel.update(scene);
  replay.draw();
  drawStory(scene);
  drawLegend(scene);
  drawCommands(scene);
}

function drawStory({ model, blocks }) {
  const { state, badge, sentence, detail } = tell(model, blocks);
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

function drawLegend({ model }) {
  const nodes = nodesOf(model);
  const miners = nodes.map((node) => node.miner);
  if (drawLegend.drawn === miners.join()) return;
  drawLegend.drawn = miners.join();
  const marks = nodes.flatMap((node) => [markIcon(markOf(node.miner, miners)), ` ${node.name} `]);
  byId('legend-miners').replaceChildren(html('span', {}, 'found by '), ...marks);
}

function drawCommands({ model, isLocked, isReplay }) {
  const up = nodesOf(model).filter((node) => node.up);
  const button = byId('pause-all');
  button.dataset.command = up.length > 0 && up.every((node) => node.paused) ? 'resume' : 'pause';
  setText(button, button.dataset.command === 'resume' ? 'Resume all' : 'Pause all');
  button.disabled = isLocked || up.length === 0;
  byId('demo').disabled = isReplay;
  byId('token-row').hidden = !source.needsToken;
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
  const results = await Promise.allSettled(orders.map(({ id, command, address }) => source.command(id, command, address)));
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

byId('pause-all').addEventListener('click', ({ currentTarget }) => {
  const up = nodesOf(live()).filter((node) => node.up);
  send(up.map(({ id }) => ({ id, command: currentTarget.dataset.command })));
});

byId('token-row').addEventListener('submit', (event) => {
  event.preventDefault();
  source.setToken(byId('token').value);
});

byId('feed-all').addEventListener('change', redraw);
window.addEventListener('resize', redraw);
window.addEventListener('hashchange', () => {
  if (readAddress(location.hash).recording !== recording) openAddress();
});
handleFiles(() => [history, source], (dropped) => {
  showAddress({ recording: null, block: null });
  open(dropped);
});
setInterval(() => {
  if (source.can.has('live')) history.prune(Date.now());
  redraw();
}, TICK_MS);

openAddress();
