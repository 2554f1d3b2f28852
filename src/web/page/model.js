// The page's knowledge of the network: a fold over changes, and nothing else.
//
// This file uses no clock, no network and no page. The live view is all changes folded
// in order of time; a replay is the same fold, stopped early.
//
// `blocks` are the blocks themselves (blocks.js). A block never changes, so the fold
// keeps only when each block was seen and which node has it as its tip.
//
// A node has an `id` as its key, a `name` to show, and a `miner` that blocks name: three
// strings, which the page only compares.

import { areConnected, areOneSide, sidesOf } from './groups.js';
import { shownName } from './names.js';
import { rowOf } from './rows.js';

/** How many news items a model keeps. */
const NEWS_KEPT = 200;

/** The time over which the hash rate is measured. */
const RATE_MS = 5000;

/** A model of a network about which nothing is known yet. */
export function createModel() {
  return {
    at: 0, zeroBits: 16, nodes: new Map(), seen: new Map(), rows: new Map(), top: -1, news: [], count: 0,
    // The delay and loss on all links, and the pace of all nodes: null until they are known.
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
 * fields. Changes of other types have no effect.
 */
export function apply(model, change, blocks) {
  model.at = Math.max(model.at, change.at);
  if (change.type === 'node') return addNode(model, change);
  // A block without a known time counts as seen once it is in a node's chain.
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

/** A node sends its block to others before it reports it; the report still goes first in the news. */
function placeOf(news, { kind, hash }) {
  const first = kind === 'found' ? news.findIndex((other) => other.kind === 'adopted' && other.hash === hash) : -1;
  return first < 0 ? news.length : first;
}

/** Everyday reasons to ignore a message: it was a question, or there is a split. */
const QUIET_REASONS = new Set(['shorter', 'refused', 'sleep-notice']);

/** Whether a news item says so little that only the full feed shows it. */
export function isSmall({ kind, reason, detail }) {
  // A broken rule deserves a line, and so does a tie: that is a race as a node sees it.
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
  // A node that was never there cannot be gone.
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
  // Its first known state is not news.
  if (node.paused === null || change.isFirst) node.paused = change.paused;
  else pause(model, node, change.at, change.paused);
}

/** The node's mining is paused or not from now on. */
function pause(model, node, at, paused) {
  if (node.paused === paused) return;
  // A paused node does not search, so its last rate no longer applies.
  Object.assign(node, { paused, tries: [], rate: null });
  report(model, node, at, paused ? 'paused' : 'resumed');
}

/** Sets the links and the pace, which is not news. */
function applyNetwork(model, { links, pace }) {
  if (links) model.links = links;
  if (pace) model.pace = pace;
}

/** All nodes report the same settings, so only the reports of the first node that is up count. */
function speaks(model, node) {
  for (const first of model.nodes.values()) if (first.up) return first === node;
  return false;
}

/** Sets new links, which every node of a network reports. */
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

/** A node refuses a peer from now on, or no longer. It is news if that splits the network or heals it. */
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

/** Adds a block that no tree has reported yet: the one before it was its finder's tip. */
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

/** The name of the node with this address; a stranger is shown by its address. */
function nameOf(model, address) {
  for (const node of model.nodes.values()) if (node.address === address) return node.name;
  return String(address);
}
