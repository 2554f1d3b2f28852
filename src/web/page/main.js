// The live page of a Cairn network, without framework or build step.
//
//   source.js   the source of changes: the default of home.js, which is net.js with
//               link.js and lane.js, or recorded.js
//   history.js  keeps the changes in order of time
//   model.js    folds them into a model: the tip of each node, and so on;
//               blocks.js has the blocks themselves, rows.js gives each its row,
//               groups.js groups nodes that hear each other, names.js shows names;
//               messages.js has the datagrams, times.js keeps both in order
//   story.js    puts a model into one sentence
//   layout.js   gives each block its place; tree.js draws them, with window.js,
//               places.js and crowd.js
//   header.js, legend.js, nodes.js, feed.js, sides.js, replay.js, inspect.js, ring.js,
//   conditions.js, clock.js   the panels; demo.js plays the demos of demos.js, on a stage.js
//   commands.js, finder.js, large.js, phones.js   commands to the nodes, going to a
//               block, large type, the address for a class's phones
//   stretch.js, tampering.js, rules.js, editor.js, remine.js   blocks that people
//               change; sending.js, lie.js and wire.js hand them to a node; bytes.js
//               and sha256.js, search.js and worker.js hash and mine
//   recording.js, save.js   recordings, written and read
//   address.js, marks.js, dom.js, kept.js   the part after the #, shapes and colours,
//               helpers, texts that the browser stores
//
// This file connects them and draws after every change. The panels draw a scene:
// {model, blocks, messages, now, present, can, source, trouble, isReplay, isLocked};
// `now` is the moment shown, `present()` the source's current moment.

import { readAddress, showAddress } from './address.js';
import { Clock } from './clock.js';
import { Commands } from './commands.js';
import { Conditions } from './conditions.js';
import { Demo } from './demo.js';
import { byId, setText } from './dom.js';
import { Feed } from './feed.js';
import { Finder } from './finder.js';
import { Header } from './header.js';
import { History } from './history.js';
import { Inspector } from './inspect.js';
import { handleLargeType } from './large.js';
import { Legend } from './legend.js';
import { nodesOf } from './groups.js';
import { Cards } from './nodes.js';
import { handlePhones } from './phones.js';
import { Replay } from './replay.js';
import { Ring } from './ring.js';
import { handleFiles } from './save.js';
import { Sending } from './sending.js';
import { Sides } from './sides.js';
import { sourceOf } from './source.js';
import { loadStretch } from './stretch.js';
import { Tree } from './tree.js';

/** How often the page draws if nothing but time has changed. */
const TICK_MS = 250;

/** How long an error message stays. */
const NOTICE_MS = 8000;

let history = new History();
let source = null;

/** The part of the page's address that names the source shown. */
let opened = null;

/** The reason why the source cannot be shown, in words, if there is one. */
let trouble = null;

/** The block that the page's address names, until the page can show it. */
let wanted = null;

const live = () => history.live();
const now = () => source?.now?.() ?? Date.now();
const shown = () => (replay.isOn ? history.past(replay.at) : live());
const commands = new Commands({ source: () => source, live, say });
const send = (orders) => commands.send(orders).finally(redraw);
const replay = new Replay(redraw, now);
const finder = new Finder({
  shown: () => ({ source, blocks: history.blocks, model: shown() }),
  onFound: ({ height, hash }) => tree.show(height, hash),
  say,
});
const tree = new Tree({ onOpen: openBlock, onMissing: (from, to) => finder.fetch(from, to), onMove: redraw });
const demo = new Demo({ live, send, say, replay, source: () => source });
const inspector = new Inspector({
  load: (hash) => loadStretch(hash, { source, blocks: history.blocks, model: shown() }),
  zeroBits: () => live().zeroBits,
  mining: () => source.mining ?? '/page/worker.js',
  sending: new Sending({ source: () => source, live }),
  onClose: () => showAddress({ block: null }),
});
/** An order to the whole network. */
const order = (command, detail) => send([{ id: null, command, detail }]);
const ring = new Ring((isOn) => source.can.has('watch') && source.watch(isOn));
const clock = new Clock({ source: () => source, open: (next) => open(next ?? sourceOf(readAddress(location.hash))), send, say });
const panels = [
  new Header(), tree, clock, new Legend(), new Cards((id, command) => send([{ id, command }])), new Sides(send), ring,
  new Conditions(order), new Feed(),
];

/** Switches to another source, with an empty history. */
async function open(next) {
  source?.stop();
  demo.stop();
  inspector.close();
  trouble = null;
  source = next;
  const isLive = source.can.has('live');
  const mine = (history = new History());
  replay.show(history, isLive);
  setText(byId('source'), isLive ? '' : `opening ${source.title}…`);
  byId('leave').hidden = isLive;
  redraw();
  try {
    if (ring.isOpen && source.can.has('watch')) source.watch(true);
    await source.start((change) => {
      mine.add(change);
      redraw();
    });
    if (mine !== history || isLive) return;
    if (history.live().nodes.size === 0) throw new Error('it has no nodes');
    replay.show(history, false);
    setText(byId('source'), source.title);
    redraw();
  } catch (error) {
    if (mine !== history) return;
    trouble = `The ${next.title} cannot be shown: ${error.message}.`;
    setText(byId('source'), '');
    redraw();
  }
}

/** Opens the source and the block that the address names. */
function openAddress() {
  const address = readAddress(location.hash);
  const name = `${address.recording ?? ''} ${address.rest}`;
  const isOther = source === null || name !== opened;
  opened = name;
  wanted = address.block;
  if (!isOther) return redraw();
  try {
    return open(sourceOf(address));
  } catch (error) {
    say(`The recording cannot be shown: ${error.message}.`);
    return open(sourceOf({}));
  }
}

/** Shows a block's bytes, and writes its hash into the page's address. */
function openBlock(hash) {
  showAddress({ block: hash });
  return inspector.open(hash, history.blocks.get(hash));
}

/** Opens the block that the address names, once a node can be asked for it. */
async function openWanted({ model, blocks, isReplay }) {
  if (!wanted || !(isReplay || blocks.has(wanted) || nodesOf(model).some((node) => node.up))) return;
  const hash = wanted;
  const mine = history;
  wanted = null;
  try {
    const block = await finder.find(hash);
    if (mine !== history) return;
    tree.show(block.height, block.hash);
    if (block.hash) await openBlock(block.hash);
  } catch (error) {
    say(`Block ${hash} is not found: ${error.message}.`);
  }
}

let isDrawing = false;

/** Draws once in the next animation frame, however many changes come before it. */
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
    model: shown(),
    blocks: history.blocks,
    messages: history.messages,
    now: replay.at ?? now(),
    present: now,
    can: source.can,
    source,
    trouble,
    isReplay,
    isLocked: isReplay || demo.isRunning,
  };
  for (const panel of panels) panel.update(scene);
  replay.draw();
  drawCommands(scene);
  openWanted(scene);
}

function drawCommands({ model, can, isLocked, isReplay }) {
  for (const element of document.querySelectorAll('[data-needs]')) element.hidden = !can.has(element.dataset.needs);
  const up = nodesOf(model).filter((node) => node.up);
  const button = byId('pause-all');
  button.dataset.command = up.length > 0 && up.every((node) => node.paused) ? 'resume' : 'pause';
  setText(button, button.dataset.command === 'resume' ? 'Resume all' : 'Pause all');
  button.disabled = isLocked || up.length === 0;
  byId('demo').disabled = !demo.isRunning && (isReplay || up.length === 0);
  byId('demo-steps').disabled = byId('demo-choice').disabled = isLocked || up.length === 0;
  byId('send-it').disabled = isLocked || up.length < 2;
  byId('add-node').disabled = isLocked || up.length === 0;
  byId('token-row').hidden = !source.needsToken;
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

byId('add-node').addEventListener('click', () => order('add'));

byId('token-row').addEventListener('submit', (event) => {
  event.preventDefault();
  source.setToken(byId('token').value);
});

byId('to-tip').addEventListener('click', () => tree.toTip());
handleLargeType(redraw);
handlePhones(() => source, say);
byId('feed-all').addEventListener('change', redraw);
window.addEventListener('resize', redraw);
window.addEventListener('hashchange', openAddress);
handleFiles(() => [history, source], (dropped) => {
  opened = ' ';
  showAddress({ recording: null, block: null, rest: '' });
  open(dropped);
});
setInterval(() => {
  if (source.can.has('live')) history.prune(now());
  redraw();
}, TICK_MS);

document.documentElement.classList.toggle('is-embedded', new URLSearchParams(location.search).has('embed'));
openAddress();
