import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forkPoint } from '../../../src/web/page/blocks.js';
import { markOf } from '../../../src/web/page/marks.js';
import { sidesOf, standing } from '../../../src/web/page/groups.js';
import { KEPT_MESSAGES } from '../../../src/web/page/messages.js';
import { halfOf, ordersFor, placeSides } from '../../../src/web/page/sides.js';
import { tellNews } from '../../../src/web/page/story.js';
import { Tale, hash } from './network.mjs';

const names = (nodes) => nodes.map((node) => node.name);

test('which nodes have a block in their chain, and where two chains fork', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  tale.finds('carol', 'c', 'genesis', 1);
  const on = standing(tale.model, tale.blocks);
  assert.deepEqual(names(on.get(hash('genesis'))), ['7000', '8000', '9000']);
  assert.deepEqual(names(on.get(hash('b'))), ['7000', '8000']);
  assert.equal(forkPoint(hash('b'), hash('c'), tale.blocks).height, 0);
});

test('the fold does not depend on the order in which changes arrive', () => {
  const tale = new Tale();
  tale.block('a', 'genesis', 1, '7000');
  tale.history.add({ type: 'event', at: 5000, id: 'alice', event: { event: 'copied', height: 1, hash: hash('a'), from: '127.0.0.1:8000', abandoned: 0 } });
  assert.equal(tale.model.nodes.get('alice').height, 1);
  tale.history.add({ type: 'event', at: 4000, id: 'alice', event: { event: 'tried', counter: 7 } });
  assert.equal(tale.model.nodes.get('alice').height, 1);
  assert.equal(tale.history.past(4500).nodes.get('alice').height, 0);
  assert.equal(tale.history.past(4500).nodes.get('alice').counter, 7);
  assert.equal(tale.history.past(5000).nodes.get('alice').height, 1);
});

test('the hash rate is measured between turns of one search', () => {
  const tale = new Tale(['alice']);
  for (let turn = 0; turn <= 10; turn += 1) {
    tale.change({ type: 'event', id: 'alice', at: 2000 + turn * 200, event: { event: 'tried', counter: turn * 1000 } });
  }
  assert.equal(tale.model.nodes.get('alice').rate, 5000);
  assert.equal(tale.model.nodes.get('alice').counter, 10000);
});

test('a finder is named before those who took its block over, even if they spoke first', () => {
  const tale = new Tale();
  tale.block('a', 'genesis', 1, '7000');
  tale.event('bob', { event: 'copied', height: 1, hash: hash('a'), from: '127.0.0.1:7000', abandoned: 0 });
  tale.event('alice', { event: 'created', height: 1, hash: hash('a') });
  assert.deepEqual(tale.model.news.map((item) => item.kind), ['found', 'adopted']);
});

test('changes that are too old are folded into the base, and nothing changes', () => {
  const tale = new Tale(['alice']);
  for (let turn = 0; turn < 3000; turn += 1) tale.event('alice', { event: 'tried', counter: turn });
  tale.finds('alice', 'a', 'genesis', 1);
  tale.history.prune(tale.now + 16 * 60 * 1000);
  assert.equal(tale.history.changes.length, 0);
  assert.equal(tale.model.nodes.get('alice').height, 1);
});

test('one refusal is enough to separate two nodes; orders name only what must change', () => {
  const tale = new Tale();
  tale.refuses('alice', ['bob', 'carol']);
  assert.deepEqual(sidesOf(tale.model).map(names), [['7000'], ['8000', '9000']]);
  const nodes = [...tale.model.nodes.values()];
  const heal = ordersFor(nodes, () => false);
  assert.deepEqual(heal.map(({ id, command, detail }) => [id, command, detail]), [
    ['alice', 'connect', '127.0.0.1:8000'],
    ['alice', 'connect', '127.0.0.1:9000'],
  ]);
  const part = ordersFor(nodes, (node) => node.id === 'alice');
  assert.deepEqual(part.map(({ id, command, detail }) => [id, command, detail]), [
    ['bob', 'disconnect', '127.0.0.1:7000'],
    ['carol', 'disconnect', '127.0.0.1:7000'],
  ]);
});

test('each of many miners has a different look', () => {
  const many = Array.from({ length: 20 }, (_, index) => `${7000 + index * 1000}`);
  const looks = many.map((miner) => {
    const { name, colour } = markOf(miner, many);
    return `${name} ${colour}`;
  });
  assert.equal(new Set(looks).size, many.length);
  assert.equal(markOf('1', many).name, 'ring');
});

test('a node is drawn on the side where it was dropped, and neither side is empty', () => {
  const groups = (...all) => all.map((ids) => ids.map((id) => ({ id })));
  const over = (all, wanted) => [...placeSides(groups(...all), new Set(wanted))].sort();
  assert.deepEqual(over([['alice'], ['bob', 'carol']], ['alice']), ['alice'], 'the first node can be on the other side');
  assert.deepEqual(over([['alice'], ['bob', 'carol']], ['bob', 'carol']), ['bob', 'carol']);
  assert.deepEqual(over([['alice'], ['bob', 'carol']], []), ['bob', 'carol'], 'somebody else split the network');
  assert.deepEqual(over([['alice'], ['bob']], ['alice', 'bob']), ['bob']);
  assert.deepEqual(over([['alice'], ['bob'], ['carol']], ['bob']), ['bob'], 'one group that nobody wanted there stays here');
  assert.deepEqual(over([['alice', 'bob']], ['bob']), [], 'who hears each other is on one side');
});

test('when all nodes are gone nothing looks abandoned', () => {
  const tale = new Tale(['alice', 'bob']);
  tale.finds('alice', 'a', 'genesis', 1, { bob: 0 });
  for (const id of ['alice', 'bob']) {
    tale.change({ type: 'up', id });
    tale.change({ type: 'down', id });
  }
  assert.equal(standing(tale.model, tale.blocks).get(hash('a')).length, 2);
});

test('a split divides the nodes into halves', () => {
  const sizes = [2, 3, 5, 30].map((count) => halfOf(Array.from({ length: count }, (_, id) => ({ id }))).size);
  assert.deepEqual(sizes, [1, 2, 3, 15]);
});

/** The news of a model as `kind name`. */
const told = (model) => model.news.map(({ kind, name }) => (name ? `${kind} ${name}` : kind));

test('orders that nodes report are news, and a status that says the same adds nothing', () => {
  const tale = new Tale();
  const before = tale.model.news.length;
  tale.event('alice', { event: 'paused' });
  tale.status('alice', 'genesis', 0, true);
  for (const [id, peer] of [['alice', 'carol'], ['carol', 'alice'], ['bob', 'carol'], ['carol', 'bob']]) {
    tale.event(id, { event: 'disconnected', peer: tale.address(peer) });
  }
  tale.refuses('carol', ['alice', 'bob']);
  assert.equal(tale.model.nodes.get('alice').paused, true);
  assert.equal(sidesOf(tale.model).length, 2);
  for (const [id, peer] of [['alice', 'carol'], ['carol', 'alice']]) tale.event(id, { event: 'connected', peer: tale.address(peer) });
  tale.event('alice', { event: 'resumed' });
  assert.deepEqual(told(tale.model).slice(before), ['paused 7000', 'split 8000', 'healed 9000', 'resumed 7000']);
  const split = tale.model.news.find(({ kind }) => kind === 'split');
  assert.deepEqual(split.sides, [['7000', '8000'], ['9000']]);
  assert.equal(tale.history.past(split.at).nodes.get('alice').paused, true, 'a replay shows who was paused');
});

test('new links and a new pace are news once, however many nodes report them, and not at the start', () => {
  const tale = new Tale();
  for (const id of tale.names) tale.event(id, { event: 'links', delay_ms: 500, loss: 0 });
  tale.history.add({ type: 'network', at: tale.now, id: 'alice', pace: { nonces: 1000, listen: 200 } });
  const before = tale.model.news.length;
  for (const id of tale.names) tale.event(id, { event: 'links', delay_ms: 2000, loss: 10 });
  for (const id of tale.names) tale.event(id, { event: 'paced', nonces: 1000, listen_ms: 1000 });
  assert.deepEqual(told(tale.model).slice(before), ['links', 'paced']);
  assert.deepEqual(tale.model.links, { delay: 2000, loss: 10 });
  assert.deepEqual(tale.model.pace, { nonces: 1000, listen: 1000 });
});

test('a message is in flight as long as its delay, and long enough to follow it', () => {
  const tale = new Tale();
  tale.refuses('carol', ['alice']);
  const at = tale.now + 10;
  const send = (id, more) => tale.change({ type: 'message', at, id, from: tale.address('alice'), kind: 'chain', length: 75, delay: 0, isLost: false, count: 1, ...more });
  send('bob', { delay: 5000 });
  send('bob', { isLost: true });
  send('carol');
  const seen = (now) => tale.history.messages.at(now, tale.model).map(({ part, fate }) => [fate, part]).sort();
  assert.deepEqual(seen(at - 1), []);
  assert.deepEqual(seen(at + 600), [['heard', 0.12], ['lost', 0.5], ['refused', 0.5]]);
  assert.deepEqual(seen(at + 4000), [['heard', 0.8]]);
  assert.deepEqual(seen(at + 60000), []);
  assert.equal(tale.model.at < at, true, 'nothing follows from them');
});

test('only a bounded number of messages is kept', () => {
  const tale = new Tale(['alice']);
  for (let number = 0; number < 2 * KEPT_MESSAGES; number += 1) {
    tale.change({ type: 'message', id: 'alice', from: 'x', kind: 'other', length: 1, delay: 0, isLost: false, count: 1 });
  }
  tale.history.prune(tale.now);
  assert.equal(tale.history.messages.all.length, KEPT_MESSAGES);
  assert.equal(tale.history.messages.all.at(-1).at, tale.now);
});

test('messages between people are news, with their signers', () => {
  const tale = new Tale(['alice']);
  const before = tale.model.news.length;
  tale.change({ type: 'event', id: 'alice', event: { event: 'message_sent', to: 'all', number: 1, text: 'hi' } });
  tale.change({ type: 'event', id: 'alice', event: { event: 'message_received', from: 'ab', name: 'bob', to: 'all', number: 1, text: '<b>' } });
  tale.change({ type: 'event', id: 'alice', event: { event: 'message_refused', from: 'cd', via: 'ab', reason: 'forged', detail: 'not signed' } });
  const words = tale.model.news.slice(before).map((item) => tellNews(item).what);
  assert.deepEqual(words, ['said to all: “hi”', 'heard bob say: “<b>”', 'refused a message of cd']);
});
