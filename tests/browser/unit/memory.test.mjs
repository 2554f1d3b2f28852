import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEPT_HEIGHTS, forkPoint } from '../../../src/web/page/blocks.js';
import { History } from '../../../src/web/page/history.js';
import { layOut } from '../../../src/web/page/layout.js';

const hash = (height) => height.toString(16).padStart(64, '0');

test('the newest of 100,000 blocks are kept, and the page goes on as before', () => {
  const history = new History();
  history.add({ type: 'node', at: 0, id: 'alice', name: '7000', address: 'alice' });
  for (let height = 0; height < 100_000; height += 1) {
    const at = 1000 + height * 100;
    const block = { hash: hash(height), height, previous: height > 0 ? hash(height - 1) : null, miner: '7000', timestamp: 1 };
    history.add({ type: 'block', at, block });
    history.add({ type: 'event', at, id: 'alice', event: { event: 'created', height, hash: hash(height) } });
    if (height % 500 === 0) history.prune(at);
  }
  history.prune(history.lastMs());
  const model = history.live();
  for (const [what, size] of Object.entries({ blocks: history.blocks.size, seen: model.seen.size, rows: model.rows.size })) {
    assert.ok(size <= KEPT_HEIGHTS + 2500, `${what}: ${size}`);
  }
  assert.ok(history.changes.length <= 42_000, `changes: ${history.changes.length}`);
  assert.equal(model.top, 99_999);
  assert.equal(model.nodes.get('alice').tip, hash(99_999));
  const plan = layOut(model, history.blocks, { from: 99_960, to: 100_010 });
  assert.equal(plan.blocks.length, 40);
  assert.equal(forkPoint(hash(99_999), hash(99_000), history.blocks).height, 99_000);
});

test('blocks from far back are drawn as agreed on, and are forgotten when too many were looked at', () => {
  const history = new History();
  const settled = (height) => ({ hash: hash(height), height, previous: null, miner: '7000', timestamp: 1, settled: true });
  history.add({ type: 'node', at: 0, id: 'alice', name: '7000', address: 'alice' });
  const tip = { ...settled(50_000), settled: undefined };
  history.add({ type: 'block', at: 1, block: tip });
  history.add({ type: 'up', at: 1, id: 'alice' });
  for (let height = 0; height < 10_000; height += 1) {
    history.add({ type: 'block', at: 0, block: settled(height) });
    if (height % 100 === 0) history.prune(2);
  }
  assert.ok(history.blocks.size <= 2200, `${history.blocks.size}`);
  const { blocks } = layOut(history.live(), history.blocks, { from: 9980, to: 10_020 });
  assert.deepEqual([blocks.length, blocks[0].nodes.length], [20, 1]);
  assert.equal(history.blocks.get(tip.hash), tip);
});
