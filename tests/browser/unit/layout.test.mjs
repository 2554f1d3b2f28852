import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../../src/web/page/history.js';
import { SIZE, columnAt, layOut } from '../../../src/web/page/layout.js';
import { readRecording } from '../../../src/web/page/recording.js';
import { lesson } from '../synthetic.mjs';
import { Tale, hash } from './network.mjs';

const placesOf = (tale, ...names) => {
  const plan = layOut(tale.model, tale.blocks);
  return names.map((name) => plan.blocks.find((block) => block.hash === hash(name)));
};

test('heights are columns, and a branch keeps its row when it wins and after', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  tale.finds('carol', 'c', 'genesis', 1);
  let [genesis, b, c] = placesOf(tale, 'genesis', 'b', 'c');
  assert.ok(genesis.x < b.x && b.x === c.x);
  assert.ok(genesis.y === b.y && b.y < c.y, 'the block that was seen first goes straight on');

  tale.finds('carol', 'cc', 'c', 2, { alice: 1, bob: 1 });
  const [b2, c2, cc] = placesOf(tale, 'b', 'c', 'cc');
  assert.deepEqual([b2.y, c2.y], [b.y, c.y], 'nothing changes its row');
  assert.equal(cc.y, c.y, 'a chain goes on in its own row');
  assert.equal(b2.nodes.length, 0);
  const { links } = layOut(tale.model, tale.blocks);
  assert.deepEqual(links.map((link) => link.nodes.length).sort(), [0, 3, 3]);
});

test('a row that is free again is used again, so that the tree does not grow downwards', () => {
  const tale = new Tale();
  let tip = 'genesis';
  for (let height = 1; height <= 30; height += 3) {
    const [lost, won] = [`a${height}x`, `b${height}x`];
    tale.finds('alice', lost, tip, height, { bob: 0 });
    tale.finds('carol', won, tip, height);
    tale.finds('carol', `c${height}x`, won, height + 1, { alice: 1, bob: 1 });
    tale.finds('alice', `d${height}x`, `c${height}x`, height + 2, { bob: 0, carol: 0 });
    tip = `d${height}x`;
  }
  const rows = new Set(layOut(tale.model, tale.blocks).blocks.map((block) => block.row));
  assert.deepEqual([...rows].sort(), [0, 1]);
});

test('each node has a pill, and no pill lies on another', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  const { pills } = layOut(tale.model, tale.blocks);
  assert.deepEqual(pills.map((pill) => pill.id), ['node alice', 'node bob', 'node carol']);
  assert.equal(new Set(pills.map((pill) => `${pill.x} ${pill.y}`)).size, 3);
  assert.deepEqual(pills.map((pill) => pill.isTip), [true, true, false]);
});

test('only the heights of a long chain that are in sight are drawn, and growth moves none of them sideways', () => {
  const tale = new Tale(['alice']);
  for (let height = 1; height <= 100; height += 1) tale.finds('alice', `b${height}x`, height === 1 ? 'genesis' : `b${height - 1}x`, height);
  const view = { from: 40, to: 60 };
  const before = layOut(tale.model, tale.blocks, view).blocks;
  assert.deepEqual([before.length, before[0].block.height, before[0].x], [21, 40, columnAt(40)]);
  tale.finds('alice', 'more', 'b100x', 101);
  assert.deepEqual(layOut(tale.model, tale.blocks, view).blocks.map(({ x, y }) => [x, y]), before.map(({ x, y }) => [x, y]));
});

const boxOfBlock = ({ x, y }) => ({ left: x - SIZE.block.width / 2, right: x + SIZE.block.width / 2, top: y - SIZE.block.height / 2, bottom: y + SIZE.block.height / 2 });
const boxOfPill = ({ x, y, width }) => ({ left: x, right: x + width, top: y - SIZE.pill.height / 2, bottom: y + SIZE.pill.height / 2 });
const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

for (const count of [2, 3, 12, 30, 59]) {
  test(`with ${count} nodes no pill ever covers a block or another pill, and each node is in one pill`, () => {
    const history = new History();
    for (const change of readRecording(lesson(count).text())) history.add(change);
    for (const { at } of history.changes.filter(({ at }) => at > 0)) {
      const model = history.past(at);
      for (const [pillWidth, crowd] of [[SIZE.pill.wide, 6], [SIZE.pill.narrow, 3]]) {
        const { blocks, pills } = layOut(model, history.blocks, { pillWidth, crowd });
        const boxes = [...blocks.map(boxOfBlock), ...pills.map(boxOfPill)];
        const touching = boxes.some((box, index) => boxes.slice(index + 1).some((other) => touch(box, other)));
        assert.ok(!touching, `something covers something at ${at}`);
        const standing = [...model.nodes.values()].filter((node) => node.tip);
        assert.equal(pills.reduce((sum, pill) => sum + pill.nodes.length, 0), standing.length);
      }
    }
  });
}
