import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forkPoint } from '../../../src/web/page/blocks.js';
import { markOf } from '../../../src/web/page/marks.js';
import { sidesOf, standing } from '../../../src/web/page/model.js';
import { halfOf, ordersFor, placeSides } from '../../../src/web/page/sides.js';
import { Tale, hash } from './network.mjs';

const names = (nodes) => nodes.map((node) => node.name);

test('who stands on a block, and where two chains part', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  tale.finds('carol', 'c', 'genesis', 1);
  const on = standing(tale.model, tale.blocks);
  assert.deepEqual(names(on.get(hash('genesis'))), ['7000', '8000', '9000']);
  assert.deepEqual(names(on.get(hash('b'))), ['7000', '8000']);
  assert.equal(forkPoint(hash('b'), hash('c'), tale.blocks).height, 0);
});

test('the fold does not mind in which order changes arrive', () => {
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

test('the hash rate is taken between turns of one search', () => {
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

test('what is too old is folded into the beginning, and nothing changes', () => {
  const tale = new Tale(['alice']);
  for (let turn = 0; turn < 3000; turn += 1) tale.event('alice', { event: 'tried', counter: turn });
  tale.finds('alice', 'a', 'genesis', 1);
  tale.history.prune(tale.now + 16 * 60 * 1000);
  assert.equal(tale.history.changes.length, 0);
  assert.equal(tale.model.nodes.get('alice').height, 1);
});

test('one refusal is enough to part two nodes; orders name only what must change', () => {
  const tale = new Tale();
  tale.refuses('alice', ['bob', 'carol']);
  assert.deepEqual(sidesOf(tale.model).map(names), [['7000'], ['8000', '9000']]);
  const nodes = [...tale.model.nodes.values()];
  const heal = ordersFor(nodes, () => false);
  assert.deepEqual(heal.map(({ id, command, address }) => [id, command, address]), [
    ['alice', 'connect', '127.0.0.1:8000'],
    ['alice', 'connect', '127.0.0.1:9000'],
  ]);
  const part = ordersFor(nodes, (node) => node.id === 'alice');
  assert.deepEqual(part.map(({ id, command, address }) => [id, command, address]), [
    ['bob', 'disconnect', '127.0.0.1:7000'],
    ['carol', 'disconnect', '127.0.0.1:7000'],
  ]);
});

test('each of many miners has a look of its own', () => {
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

test('a split divides the nodes in halves', () => {
  const sizes = [2, 3, 5, 30].map((count) => halfOf(Array.from({ length: count }, (_, id) => ({ id }))).size);
  assert.deepEqual(sizes, [1, 2, 3, 15]);
});
