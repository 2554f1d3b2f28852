import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { forkPoint } from '../../../src/web/page/blocks.js';
import { History } from '../../../src/web/page/history.js';
import { sidesOf } from '../../../src/web/page/groups.js';
import { layOut } from '../../../src/web/page/layout.js';
import { readRecording, writeRecording } from '../../../src/web/page/recording.js';
import { tell } from '../../../src/web/page/story.js';
import { lesson } from '../synthetic.mjs';
import { Tale } from './network.mjs';

const HEADER = '{"cairn-recording":1}\n';
const NODE = '{"time_ms":0,"change":"node","node":"a","name":"a"}\n';

function historyOf(text) {
  const history = new History();
  for (const change of readRecording(text)) history.add(change);
  return history;
}

const saved = (history) => [...writeRecording(history)].join('');

/** The visible part of a model, without the page's own names for nodes. */
function seen(history) {
  const model = history.live();
  const nodes = [...model.nodes.values()].map(({ name, up, tip, height, paused, counter }) => ({ name, up, tip, height, paused, counter }));
  const news = model.news.map(({ at, kind, name, height }) => ({ at, kind, name, height }));
  return { nodes, news, sides: sidesOf(model).length, blocks: [...model.seen].sort(), told: tell(model, history.blocks) };
}

test('a recording is folded as live changes are', () => {
  const history = historyOf(lesson(3).text());
  assert.match(tell(history.live(), history.blocks).sentence, /at the same moment; the next block decides\.$/);
  assert.equal(history.live().zeroBits, 8);
  const split = history.live().news.find((item) => item.kind === 'split');
  assert.equal(sidesOf(history.past(split.at)).length, 2);
});

test('what is saved and opened again is the same story', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  tale.refuses('alice', ['carol']);
  tale.status('carol', 'genesis', 0, true);
  tale.event('alice', { event: 'links', delay_ms: 500, loss: 0 });
  tale.event('alice', { event: 'links', delay_ms: 0, loss: 10 });
  tale.event('bob', { event: 'paced', nonces: 10, listen_ms: 5 });
  tale.event('bob', { event: 'paused' });
  tale.event('bob', { event: 'disconnected', peer: tale.address('carol') });
  tale.change({ type: 'message', id: 'bob', from: tale.address('alice'), kind: 'chain', length: 150, delay: 20, isLost: true, count: 3 });
  tale.change({ type: 'down', id: 'bob' });
  tale.change({ type: 'failed', what: 'carol forgot a block' });
  // The hashes of the tale's blocks are short words, padded with zeros.
  const first = saved(tale.history).replaceAll('genesis', 'aaaaaaa');
  const again = historyOf(first);
  assert.equal(saved(again), first);
  assert.deepEqual(seen(again).news, seen(tale.history).news);
  assert.equal(seen(again).told.sentence, seen(tale.history).told.sentence);
  const of = (history) => history.messages.all.map(({ at, from, kind, length, delay, isLost, count }) => [at, from, kind, length, delay, isLost, count]);
  assert.deepEqual(of(again), of(tale.history));
});

test('a recording made after old changes were forgotten begins with the state that they led to', () => {
  const history = historyOf(lesson(5).text());
  const at = history.lastMs();
  history.add({ type: 'network', at, id: '127.0.0.1:7000', links: { delay: 7, loss: 8 }, pace: { nonces: 9, listen: 10 } });
  const before = seen(history);
  for (let turn = 0; turn < 3000; turn += 1) history.add({ type: 'event', at: history.lastMs() + 1, id: '127.0.0.1:7000', event: { event: 'tried', counter: turn } });
  history.prune(history.lastMs() + 16 * 60 * 1000);
  assert.equal(history.changes.length, 0);
  const { links, pace } = historyOf(saved(history)).live();
  assert.deepEqual([links, pace], [{ delay: 7, loss: 8 }, { nonces: 9, listen: 10 }]);
  const again = seen(historyOf(saved(history)));
  assert.deepEqual(again.nodes.map(({ name, tip }) => [name, tip]), before.nodes.map(({ name, tip }) => [name, tip]));
  assert.deepEqual(again.blocks, before.blocks);
});

test('a line that was cut off at the end is left out, and what came before is kept', () => {
  assert.equal(readRecording(`${HEADER}${NODE}{"time_ms":5,"cha`).length, 1);
  assert.throws(() => readRecording(`${HEADER}{"time_ms":5,"cha\n${NODE}`), /line 2: this is not a JSON object/);
});

test('changes and events of other kinds are left out, and lines need not be in order', () => {
  const changes = readRecording(`${HEADER}{"time_ms":9,"change":"up","node":"a"}\n{"time_ms":1,"change":"weather"}\n{"time_ms":2,"node":"a","event":"sang"}\n${NODE}`);
  assert.deepEqual(changes.map(({ type, at }) => [type, at]), [['node', 0], ['up', 9]]);
});

test('a wrong line is refused, with the line and the field', () => {
  const cases = [
    ['', /line 1: .* this is not a recording/],
    ['{"cairn-recording":2}', /version 2; this page reads version 1/],
    [`${HEADER}{"time_ms":-1,"change":"up","node":"a"}`, /line 2: time_ms/],
    [`${HEADER}{"time_ms":1e300,"change":"up","node":"a"}`, /line 2: time_ms/],
    [`${HEADER}${NODE}{"time_ms":1,"change":"status","node":"a","tip":"<b>","height":1,"paused":false}`, /line 3: tip is missing or wrong in status/],
    [`${HEADER}{"time_ms":1,"node":"a","event":"created","height":"1","hash":"00000000"}`, /height is missing or wrong in created/],
    [`${HEADER}{"time_ms":1,"change":"up","node":"${'a'.repeat(70000)}"}`, /line 2: longer than 65536/],
    [HEADER + Array.from({ length: 1001 }, (_, index) => `{"time_ms":0,"change":"node","node":"n${index}","name":"n"}`).join('\n'), /more than 1000 nodes/],
    ['x'.repeat(64 * 1024 * 1024 + 1), /longer than 64 MiB/],
    [`{"cairn-recording":"${'a'.repeat(70000)}"}`, /line 1: longer than 65536 characters$/],
    ['{"cairn-recording":["1","and more than anybody reads"]}', /version \["1","and more than ; this page reads version 1$/],
    [`${HEADER}{"time_ms":1,"node":"a","event":"started","height":1,"hash":"00000000","nonces":"many"}`, /nonces is missing or wrong in started/],
    [HEADER + Array.from({ length: 1001 }, (_, index) => `{"time_ms":1,"change":"block","hash":"${String(index).padStart(8, '0')}","height":7,"miner":"a"}`).join('\n'), /line 1002: more than 1000 blocks of height 7/],
  ];
  for (const [text, error] of cases) assert.throws(() => readRecording(text), error, text.slice(0, 80));
});

test('millions of empty lines take no room', () => {
  const before = process.memoryUsage().heapUsed;
  assert.deepEqual(readRecording(HEADER + '\n'.repeat(30_000_000)), []);
  assert.ok(process.memoryUsage().heapUsed - before < 100_000_000);
});

test('blocks that name each other in a circle, or a block of another height, are not a chain', () => {
  const [a, b, c] = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'];
  const block = (hash, height, previous) => `{"time_ms":1,"change":"block","hash":"${hash}","height":${height},"previous":"${previous}","miner":"a"}\n`;
  const text = HEADER + NODE + block(a, 5, b) + block(b, 5, a) + block(c, 7, c) + `{"time_ms":2,"change":"status","node":"a","tip":"${c}","height":7,"paused":false}\n`;
  const history = historyOf(text);
  const model = history.live();
  assert.equal(model.top, 7);
  assert.equal(forkPoint(a, b, history.blocks), null);
  assert.deepEqual(layOut(model, history.blocks).links, []);
  assert.equal(tell(model, history.blocks).sentence, 'a is at block 7.');
});

test('the example in the description of the format is a recording', () => {
  const text = readFileSync(new URL('../../../docs/recording.md', import.meta.url), 'utf8');
  const [, example] = /```text\n([^]*?)```/.exec(text);
  const changes = readRecording(example.replaceAll('"0000…"', `"${'0'.repeat(64)}"`).replaceAll('4b00…', '4b00'));
  assert.deepEqual(changes.map(({ type }) => type), ['node', 'status', 'block', 'event', 'end']);
});
