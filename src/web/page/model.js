// What the page knows of the network: a fold over changes, and nothing else.
//
// No clock, no network and no page in here. The live view is all changes folded
// in the order of their times; a replay is the same fold, stopped early.
//
// `facts` are the blocks themselves, by hash: {hash, height, previous, miner,
// timestamp}. A block never changes, so facts stand outside of time; what has
// a time is when a block was seen, and who stands on it.

/** How many pieces of news a model remembers. */
const NEWS_KEPT = 200;

/** The hash rate is taken over this stretch of time. */
const RATE_MS = 5000;

/** A model of a network that nothing is known of yet. */
export function createModel() {
  return { at: 0, zeroBits: 16, nodes: new Map(), seen: new Map(), news: [], count: 0 };
}

function createNode({ id, port, address }) {
  return {
    id, port, address,
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
 * node, up, down, status, refused, seen, event.
 */
export function apply(model, change, facts) {
  model.at = Math.max(model.at, change.at);
  if (change.type === 'node') return addNode(model, change);
  if (change.type === 'seen') return see(model, change.hash, change.at, facts);
  const node = model.nodes.get(change.id);
  if (!node) return;
  if (change.type === 'event') return applyEvent(model, node, change, facts);
  if (change.type === 'up') return rise(model, node, change.at);
  if (change.type === 'down') return fall(model, node, change.at);
  if (change.type === 'status') return applyStatus(model, node, change, facts);
  if (change.type === 'refused') return applyRefused(model, node, change);
}

function addNode(model, change) {
  const known = model.nodes.get(change.id);
  if (known) Object.assign(known, { port: change.port, address: change.address });
  else model.nodes.set(change.id, createNode(change));
  if (change.zeroBits !== undefined) model.zeroBits = change.zeroBits;
}

/** Marks a block and all before it as seen. */
function see(model, hash, at, facts) {
  for (let next = hash; next && !model.seen.has(next) && facts.has(next);) {
    model.seen.set(next, at);
    next = facts.get(next).previous;
  }
}

function report(model, node, at, kind, more = {}) {
  const item = { number: model.count, at, kind, id: node?.id, port: node?.port, ...more };
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

function stand(model, node, hash, height, at, facts) {
  Object.assign(node, { tip: hash, height });
  see(model, hash, at, facts);
}

function applyStatus(model, node, change, facts) {
  rise(model, node, change.at);
  stand(model, node, change.tip, change.height, change.at, facts);
  if (node.counter === null) node.counter = change.counter;
  const { paused } = node;
  node.paused = change.paused;
  // How it was when we first saw it is not news.
  if (paused === null || change.isFirst || change.paused === paused) return;
  // Whoever is paused does not search: what its rate was says nothing any more.
  Object.assign(node, { tries: [], rate: null });
  report(model, node, change.at, change.paused ? 'paused' : 'resumed');
}

function applyRefused(model, node, change) {
  const before = sidesOf(model);
  node.refused = new Set(change.refused);
  const after = sidesOf(model);
  if (after.length > before.length) report(model, node, change.at, 'split', { sides: ports(after) });
  if (after.length < before.length) report(model, node, change.at, 'healed', { sides: ports(before) });
}

const ports = (sides) => sides.map((side) => side.map((node) => node.port));

function applyEvent(model, node, { at, event }, facts) {
  rise(model, node, at);
  switch (event.event) {
    case 'started': {
      Object.assign(node, { paused: false, refused: new Set(), tries: [], rate: null, counter: 0, restUntil: 0 });
      stand(model, node, event.hash, event.height, at, facts);
      return report(model, node, at, 'started', { height: event.height });
    }
    case 'tried':
      return tried(node, at, event.counter);
    case 'created': {
      guess(facts, event, node);
      stand(model, node, event.hash, event.height, at, facts);
      Object.assign(node, { counter: 0, tries: [] });
      return report(model, node, at, 'found', { height: event.height, hash: event.hash });
    }
    case 'copied': {
      const from = portOf(event.from);
      const left = node.tip;
      stand(model, node, event.hash, event.height, at, facts);
      Object.assign(node, { counter: 0, tries: [] });
      const { height, hash, abandoned } = event;
      return report(model, node, at, 'adopted', { height, hash, abandoned, from, left, miner: facts.get(hash)?.miner });
    }
    case 'rested':
      node.restUntil = at + event.duration_ms;
      return report(model, node, at, 'rested', { duration: event.duration_ms });
    case 'ignored':
      return report(model, node, at, 'ignored', { from: portOf(event.from), reason: event.reason, detail: event.detail, merged: event.merged });
    case 'unsent':
      return report(model, node, at, 'unsent', { to: portOf(event.to), error: event.error });
    case 'stopped':
      return report(model, node, at, 'stopped', { height: event.height });
  }
}

/** A block that no tree has told us of yet: its finder stood on the one before. */
function guess(facts, event, node) {
  if (facts.has(event.hash) || node.height !== event.height - 1) return;
  const { hash, height } = event;
  facts.set(hash, { hash, height, previous: node.tip, miner: node.port, timestamp: null });
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

/** `127.0.0.1:8000` -> 8000 */
export function portOf(address) {
  return Number(String(address).split(':').at(-1));
}

/** All nodes, by port. */
export function nodesOf(model) {
  return [...model.nodes.values()].sort((a, b) => a.port - b.port || a.id.localeCompare(b.id));
}

/** The ports of all nodes, which give each miner its shape. */
export function portsOf(model) {
  return nodesOf(model).map((node) => node.port);
}

/** Whether two nodes talk: neither refuses the other. */
export function areConnected(a, b) {
  return !a.refused.has(b.address) && !b.refused.has(a.address);
}

/** The sides of a split: groups of nodes that hear each other, lowest port first. */
export function sidesOf(model) {
  const rest = nodesOf(model);
  const sides = [];
  while (rest.length > 0) {
    const side = [rest.shift()];
    for (const member of side) {
      for (let index = 0; index < rest.length;) {
        if (areConnected(member, rest[index])) side.push(...rest.splice(index, 1));
        else index += 1;
      }
    }
    sides.push(side.sort((a, b) => a.port - b.port));
  }
  return sides;
}

/** The blocks from a tip back to genesis, or as far back as facts go. */
export function* chainFrom(tip, facts, lowest = 0) {
  for (let block = facts.get(tip); block && block.height >= lowest; block = facts.get(block.previous)) {
    yield block;
  }
}

/** Who stands on each block: hash -> nodes whose chain has it. A gone node stands nowhere. */
export function standing(model, facts, lowest = 0) {
  const on = new Map();
  for (const node of nodesOf(model)) {
    if (!node.up) continue;
    for (const { hash } of chainFrom(node.tip, facts, lowest)) {
      if (on.has(hash)) on.get(hash).push(node);
      else on.set(hash, [node]);
    }
  }
  return on;
}

/** The last block that two chains share. */
export function forkPoint(a, b, facts) {
  let [left, right] = [facts.get(a), facts.get(b)];
  while (left && right && left.hash !== right.hash) {
    if (left.height >= right.height) left = facts.get(left.previous);
    else right = facts.get(right.previous);
  }
  return left && right ? left : null;
}
