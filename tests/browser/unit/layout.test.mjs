import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEIGHTS, layOut } from '../../../src/web/page/layout.js';
import { Tale, hash } from './network.mjs';

test('heights are columns; the longest chain is straight, a fork hangs below', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  tale.finds('carol', 'c', 'genesis', 1);
  let plan = layOut(tale.model, tale.blocks);
  let [genesis, b, c] = ['genesis', 'b', 'c'].map((name) => plan.blocks.find((block) => block.hash === hash(name)));
  assert.ok(genesis.x < b.x && b.x === c.x);
  assert.ok(genesis.y === b.y && b.y < c.y, 'the block that was seen first stays where it was');

  tale.finds('carol', 'cc', 'c', 2, { alice: 1, bob: 1 });
  plan = layOut(tale.model, tale.blocks);
  [genesis, b, c] = ['genesis', 'b', 'c'].map((name) => plan.blocks.find((block) => block.hash === hash(name)));
  assert.ok(genesis.y === c.y && c.y < b.y, 'the longer chain is straight now');
  assert.equal(b.nodes.length, 0);
  assert.deepEqual(plan.links.map((link) => link.nodes.length).sort(), [0, 3, 3]);
});

test('each node has a pill, and no pill lies on another', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  const { pills } = layOut(tale.model, tale.blocks);
  assert.deepEqual(pills.map((pill) => pill.id), ['alice', 'bob', 'carol']);
  assert.equal(new Set(pills.map((pill) => `${pill.x} ${pill.y}`)).size, 3);
  assert.deepEqual(pills.map((pill) => pill.isTip), [true, true, false]);
});

test('of a long chain only the newest heights are drawn', () => {
  const tale = new Tale(['alice']);
  for (let height = 1; height <= 100; height += 1) tale.finds('alice', `b${height}x`, height === 1 ? 'genesis' : `b${height - 1}x`, height);
  const { blocks } = layOut(tale.model, tale.blocks);
  assert.equal(blocks.length, HEIGHTS);
  assert.equal(blocks.at(-1).block.height, 100);
});
