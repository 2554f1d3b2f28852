// What the page knows of the network: a fold over changes, and nothing else.
//
// No clock, no network and no page in here. The live view is all changes folded
// in the order of their times; a replay is the same fold, stopped early.
//
// `blocks` are the blocks themselves (blocks.js). A block never changes, so they
// stand outside of time; what has a time is when a block was seen, and who
// stands on it.
//
// Nodes are told apart by `id`, shown by `name`, and named in blocks by `miner`:
// all three are strings and nothing is read into them.

import { areConnected, areOneSide, sidesOf } from './groups.js';
import { shownName } from './names.js';
import { rowOf } from './rows.js';

/** How many pieces of news a model remembers. */
const NEWS_KEPT = 200;

/** The hash rate is taken over this stretch of time. */
const RATE_MS = 5000;

/** A model of a network that nothing is known of yet. */
export function createModel() {
  return {
    at: 0, zeroBits: 16, nodes: new Map(), seen: new Map(), rows: new Map(), top: -1, news: [], count: 0,
    // What all links do to datagrams, and how fast all search: null where nobody has told.
    links: null, pace: null,
  };
}

function createNode({ id, name, miner, address }) {
  return {
    id, name, miner, address,
    up: false, everUp: false, downAt: null,
    tip: null, height: null,
    paused: null, restUntil: 0,
    counter: null, tries: [], rate: null,
    refused: new Set(),
    last: null,
  };
}

/**
 * Folds one change into the model, in place.
 *
 * Changes, each with `at` (Unix milliseconds) and mostly the node's `id`:
 * node, up, down, status, refused, network, block, event. source.js has their
 * fields. Of other kinds nothing is known, and they change nothing.
 */
export function apply(model, change, blocks) {
  model.at = Math.max(model.at, change.at);
  if (change.type === 'node') return addNode(model, change);
  // A block of which nobody knows when it was seen is seen when a node stands on it.
  if (change.type === 'block') return change.at > 0 ? see(model, change.block.hash, change.at, blocks) : undefined;
  if (change.type === 'network') return applyNetwork(model, change);
  if (change.type === 'failed') return report(model, null, change.at, 'failed', { what: change.what });
  const node = model.nodes.get(change.id);
  if (!node) return;
  if (change.type === 'event') return applyEvent(model, node, change, blocks);
  if (change.type === 'up') return rise(model, node, change.at);
  if (change.type === 'down') return fall(model, node, change.at);
  if (change.type === 'status') return applyStatus(model, node, change, blocks);
  if (change.type === 'refused') return applyRefused(model, node, change);
}

function addNode(model, change) {
  const known = model.nodes.get(change.id);
  const { id, address, miner = change.name } = change;
  const name = shownName(change.name);
  if (known) Object.assign(known, { name, address, miner });
  else model.nodes.set(id, createNode({ id, name, miner, address }));
  if (change.zeroBits !== undefined) model.zeroBits = change.zeroBits;
}

/** Marks a block and all before it as seen. */
function see(model, hash, at, blocks) {
  const fresh = [];
  for (let block = blocks.get(hash); block && !model.seen.has(block.hash); block = blocks.before(block)) fresh.push(block);
  for (const block of fresh.reverse()) {
    model.seen.set(block.hash, at);
    model.rows.set(block.hash, rowOf(block, blocks, model.rows));
    model.top = Math.max(model.top, block.height);
  }
}

function report(model, node, at, kind, more = {}) {
  const item = { number: model.count, at, kind, id: node?.id, name: node?.name, miner: node?.miner, ...more };
  model.count += 1;
  model.news.splice(placeOf(model.news, item), 0, item);
  if (model.news.length > NEWS_KEPT) model.news.shift();
  if (node && kind !== 'split' && kind !== 'healed' && !isSmall(item)) node.last = item;
}

/** A node tells others of its block before it says so itself: the cause goes first all the same. */
function placeOf(news, { kind, hash }) {
  const first = kind === 'found' ? news.findIndex((other) => other.kind === 'adopted' && other.hash === hash) : -1;
  return first < 0 ? news.length : first;
}

/** Reasons for which a message is let pass every day: a question, or a split. */
const QUIET_REASONS = new Set(['shorter', 'refused', 'sleep-notice']);

/** What changes nothing and tells nothing: only shown when everything is asked for. */
export function isSmall({ kind, reason, detail }) {
  // A broken rule is worth a line, and so is a tie: how a race looks from inside.
  return kind === 'rested' || (kind === 'ignored' && (QUIET_REASONS.has(reason) || detail.includes('the same')));
}

function rise(model, node, at) {
  if (node.up) return;
  if (node.everUp) report(model, node, at, 'back');
  Object.assign(node, { up: true, everUp: true, downAt: null });
}

function fall(model, node, at) {
  if (!node.up && node.downAt !== null) return;
  Object.assign(node, { up: false, downAt: at, rate: null, tries: [] });
  // Who was never there cannot be gone.
  if (node.everUp) report(model, node, at, 'gone');
}

function stand(model, node, hash, height, at, blocks) {
  Object.assign(node, { tip: hash, height });
  see(model, hash, at, blocks);
}

function applyStatus(model, node, change, blocks) {
  rise(model, node, change.at);
  stand(model, node, change.tip, change.height, change.at, blocks);
  if (node.counter === null) node.counter = change.counter;
  // How it was when we first saw it is not news.
  if (node.paused === null || change.isFirst) node.paused = change.paused;
  else pause(model, node, change.at, change.paused);
}

/** Its mining is paused or not from now on. */
function pause(model, node, at, paused) {
  if (node.paused === paused) return;
  // A paused node does not search, so its last rate says nothing any more.
  Object.assign(node, { paused, tries: [], rate: null });
  report(model, node, at, paused ? 'paused' : 'resumed');
}

/** How the links and the pace are, which is no news. */
function applyNetwork(model, { links, pace }) {
  if (links) model.links = links;
  if (pace) model.pace = pace;
}

/** What all nodes tell alike is taken from one of them: the first that is up. */
function speaks(model, node) {
  for (const first of model.nodes.values()) if (first.up) return first === node;
  return false;
}

/** All nodes of a network tell of new links. */
function applyLinks(model, at, { delay_ms: delay, loss }) {
  const { links } = model;
  model.links = { delay, loss };
  if (links && (links.delay !== delay || links.loss !== loss)) report(model, null, at, 'links', { delay, loss });
}

/** The same for a new pace. */
function applyPace(model, at, { nonces, listen_ms: listen }) {
  const { pace } = model;
  model.pace = { nonces, listen };
  if (pace && (pace.nonces !== nonces || pace.listen !== listen)) report(model, null, at, 'paced', { nonces, listen });
}

function applyRefused(model, node, { at, refused }) {
  const wanted = new Set(refused);
  for (const address of [...node.refused]) if (!wanted.has(address)) refuse(model, node, at, address, false);
  for (const address of wanted) if (!node.refused.has(address)) refuse(model, node, at, address, true);
}

/** A node refuses a peer from now on, or no longer: there is news where that parts the network, or heals it. */
function refuse(model, node, at, address, isRefused) {
  const peer = [...model.nodes.values()].find((other) => other.address === address);
  const wasConnected = peer && areConnected(node, peer);
  const before = peer && !isRefused && !areOneSide(model, node, peer) ? sidesOf(model) : null;
  if (isRefused) node.refused.add(address);
  else node.refused.delete(address);
  if (!peer || areConnected(node, peer) === wasConnected) return;
  if (isRefused && !areOneSide(model, node, peer)) report(model, node, at, 'split', { sides: names(sidesOf(model)) });
  if (before) heal(model, node, at, before);
}

function heal(model, node, at, before) {
  report(model, node, at, 'healed', { sides: names(before), rest: sidesOf(model).length });
}

const names = (sides) => sides.map((side) => side.map((node) => node.name));

function applyEvent(model, node, { at, event }, blocks) {
  rise(model, node, at);
  switch (event.event) {
    case 'started': {
      Object.assign(node, { paused: false, refused: new Set(), tries: [], rate: null, counter: 0, restUntil: 0 });
      stand(model, node, event.hash, event.height, at, blocks);
      if (isKnown(event.nonces) && isKnown(event.listen_ms)) model.pace = { nonces: event.nonces, listen: event.listen_ms };
      return report(model, node, at, 'started', { height: event.height });
    }
    case 'tried':
      return tried(node, at, event.counter);
    case 'created': {
      guess(blocks, event, node);
      stand(model, node, event.hash, event.height, at, blocks);
      Object.assign(node, { counter: 0, tries: [] });
      return report(model, node, at, 'found', { height: event.height, hash: event.hash });
    }
    case 'copied': {
      const from = nameOf(model, event.from);
      const left = node.tip;
      stand(model, node, event.hash, event.height, at, blocks);
      Object.assign(node, { counter: 0, tries: [] });
      const { height, hash, abandoned } = event;
      return report(model, node, at, 'adopted', { height, hash, abandoned, from, left });
    }
    case 'rested':
      node.restUntil = at + event.duration_ms;
      return report(model, node, at, 'rested', { duration: event.duration_ms });
    case 'ignored':
      return report(model, node, at, 'ignored', { from: nameOf(model, event.from), reason: event.reason, detail: event.detail, merged: event.merged });
    case 'paused':
    case 'resumed':
      return pause(model, node, at, event.event === 'paused');
    case 'connected':
    case 'disconnected':
      return refuse(model, node, at, event.peer, event.event === 'disconnected');
    case 'links':
      return speaks(model, node) ? applyLinks(model, at, event) : undefined;
    case 'paced':
      return speaks(model, node) ? applyPace(model, at, event) : undefined;
    case 'message_sent':
      return report(model, node, at, 'said', { to: nameOf(model, event.to), text: event.text });
    case 'message_received':
      return report(model, node, at, 'heard', { by: event.name ?? nameOf(model, event.from), text: event.text });
    case 'message_refused':
      return report(model, node, at, 'unheard', { by: nameOf(model, event.from), why: event.detail });
    case 'unsent':
      return report(model, node, at, 'unsent', { to: nameOf(model, event.to), error: event.error });
    case 'stopped':
      return report(model, node, at, 'stopped', { height: event.height });
  }
}

const isKnown = (value) => value !== undefined && value !== null;

/** A block that no tree has told us of yet: its finder stood on the one before. */
function guess(blocks, event, node) {
  if (blocks.has(event.hash) || node.height !== event.height - 1) return;
  const { hash, height } = event;
  blocks.add({ hash, height, previous: node.tip, miner: node.miner, timestamp: null });
}

function tried(node, at, counter) {
  const last = node.tries.at(-1);
  if (last && counter <= last.counter) node.tries = [];
  node.tries = node.tries.filter((old) => old.at >= at - RATE_MS);
  node.tries.push({ at, counter });
  node.counter = counter;
  const first = node.tries[0];
  if (at > first.at) node.rate = ((counter - first.counter) * 1000) / (at - first.at);
}

/** What a node is called that others know by its address; a stranger has only that. */
function nameOf(model, address) {
  for (const node of model.nodes.values()) if (node.address === address) return node.name;
  return String(address);
}
