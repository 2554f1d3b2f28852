import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownName } from '../../../src/web/page/names.js';
import { list, tell, tellNews } from '../../../src/web/page/story.js';
import { Tale, hash } from './network.mjs';

const told = (tale) => tell(tale.model, tale.blocks);

test('no node is there yet, or no longer', () => {
  assert.equal(told(new Tale([])).sentence, 'Looking for the nodes…');
  const tale = new Tale(['alice']);
  tale.change({ type: 'down', id: 'alice' });
  assert.equal(told(tale).badge, 'Nobody there');
  assert.equal(told(tale).sentence, '7000 is gone.');
});

test('a block travels from one to all', () => {
  const tale = new Tale();
  assert.equal(told(tale).sentence, '7000, 8000 and 9000 agree on block 0.');
  tale.finds('bob', 'a', 'genesis', 1, { alice: 0 });
  assert.equal(told(tale).badge, 'On its way');
  assert.equal(told(tale).sentence, '8000 found block 1 and sends it to the others.');
  assert.equal(told(tale).detail, '9000 has not taken it over yet.');
  tale.finds('bob', 'a', 'genesis', 1, { carol: 0 });
  assert.equal(told(tale).badge, 'All agree');
  assert.equal(told(tale).sentence, '8000 found block 1; 7000 and 9000 took it over.');
});

test('a block without a line in the recording was found by somebody', () => {
  const tale = new Tale();
  tale.status('alice', 'lost', 1);
  assert.equal(told(tale).sentence, 'somebody found block 1 and sends it to the others.');
  for (const id of ['bob', 'carol']) tale.status(id, 'lost', 1);
  tale.event('bob', { event: 'created', height: 1, hash: hash('lost') });
  assert.equal(told(tale).sentence, '7000, 8000 and 9000 agree on block 1.');
});

test('a race of many takes few words', () => {
  const tale = new Tale();
  const blocks = Array.from({ length: 3 }, (_, index) => `x${index}`);
  tale.names.forEach((id, index) => tale.finds(id, blocks[index], 'genesis', 1));
  assert.equal(told(tale).sentence, '7000, 8000 and 9000 found block 1 at the same moment; the next block decides.');
  tale.names.forEach((id, index) => tale.finds(id, `y${index}`, blocks[index], 2));
  assert.equal(told(tale).sentence, 'There are 3 chains of the same length, alike up to block 0; the next block decides.');
  const names = Array.from({ length: 12 }, (_, index) => String(7000 + index));
  const many = new Tale([]);
  for (const name of names) {
    many.history.add({ type: 'node', at: 0, id: name, name, address: name });
    many.block(name, 'genesis', 1, name);
    many.change({ type: 'status', id: name, tip: hash(name), height: 1, paused: false, counter: 0 });
  }
  assert.equal(told(many).sentence, '12 nodes found block 1 at the same moment; the next block decides.');
  assert.equal(told(many).detail, 'Each node keeps the one that it saw first: there are 12.');
});

test('a name is shown in few letters, and does not change the direction of the text beside it', () => {
  assert.equal(shownName('alice'), 'alice');
  assert.equal(shownName('\u202eecila\u0000'), 'ecila');
  assert.equal(shownName('W'.repeat(1000)), `${'W'.repeat(23)}…`);
  assert.equal(shownName('\u202e'), '?');
});

test('two find a block at the same moment, and the next block decides', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  tale.finds('carol', 'c', 'genesis', 1);
  assert.equal(told(tale).badge, 'Fork');
  assert.equal(told(tale).sentence, '8000 and 9000 found block 1 at the same moment; the next block decides.');
  assert.equal(told(tale).detail, 'Each node keeps the one that it saw first: 7000 and 8000 on the one by 8000, 9000 on the one by 9000.');
  tale.finds('carol', 'cc', 'c', 2, { alice: 1, bob: 1 });
  assert.equal(told(tale).sentence, 'The race is over: 9000 found block 2, and 7000 and 8000 gave up 1 block for the longer chain.');
});

test('the headline of a reorganisation stays for five seconds, with the later news below it', () => {
  const tale = new Tale();
  tale.finds('bob', 'b', 'genesis', 1, { alice: 0 });
  tale.finds('carol', 'c', 'genesis', 1);
  tale.finds('carol', 'cc', 'c', 2, { alice: 1, bob: 1 });
  const turned = tale.now;
  tale.finds('bob', 'd', 'cc', 3, { alice: 0, carol: 0 });
  const at = (ms) => tell(tale.model, tale.blocks, turned + ms);
  assert.equal(at(4999).sentence, 'The race is over: 9000 found block 2, and 7000 and 8000 gave up 1 block for the longer chain.');
  assert.match(at(4999).detail, /^8000 found block 3; 7000 and 9000 took it over\./);
  assert.equal(at(5000).sentence, '8000 found block 3; 7000 and 9000 took it over.');
});

test('a split is mentioned as long as it lasts, and its race does not count as the same moment', () => {
  const tale = new Tale();
  tale.refuses('alice', ['bob', 'carol']);
  assert.equal(told(tale).sentence, 'The network is split: 7000 on one side, 8000 and 9000 on the other.');
  tale.finds('alice', 'a', 'genesis', 1);
  assert.equal(told(tale).sentence, '7000 found block 1, and 8000 and 9000 do not hear of it: the network is split.');
  tale.finds('bob', 'b', 'genesis', 1, { carol: 0 });
  tale.refuses('alice', []);
  assert.equal(told(tale).sentence, '7000 and 8000 each found block 1 during the split; the next block decides.');
});

test('a node that is gone is mentioned until it is back', () => {
  const tale = new Tale();
  tale.change({ type: 'down', id: 'bob' });
  assert.equal(told(tale).sentence, '8000 is gone. 7000 and 9000 go on without it.');
  tale.finds('alice', 'a', 'genesis', 1, { carol: 0 });
  assert.equal(told(tale).sentence, '7000 found block 1; 9000 took it over.');
  assert.match(told(tale).detail, /8000 is gone\.$/);
  tale.change({ type: 'up', id: 'bob' });
  tale.event('bob', { event: 'copied', height: 1, hash: tale.model.nodes.get('alice').tip, from: '127.0.0.1:7000', listed: true, abandoned: 0 });
  assert.equal(told(tale).sentence, '8000 is back; it has heard what it missed, and all agree on block 1.');
});

test('a pause is mentioned', () => {
  const tale = new Tale(['alice', 'bob']);
  tale.status('alice', 'genesis', 0, true);
  assert.equal(told(tale).sentence, '7000 is paused: not searching, but still listening.');
  tale.status('bob', 'genesis', 0, true);
  assert.equal(told(tale).sentence, '7000 and 8000 are paused: not searching, but still listening.');
  assert.match(told(tale).detail, /^All are paused/);
});

test('news have reasons', () => {
  const tie = { kind: 'ignored', from: '8000', reason: 'tie', detail: 'not longer, 3 blocks as ours has; first seen stays' };
  assert.equal(tellNews(tie).what, 'kept its own chain when 8000 sent another');
  const broken = { kind: 'ignored', from: '8000', reason: 'target', detail: 'block 2 breaks target' };
  assert.deepEqual(tellNews(broken), { what: 'ignored what 8000 sent', why: 'block 2 breaks target' });
});

test('many nodes are counted, not named', () => {
  const names = ['alice', 'bob', 'carol'];
  const tale = new Tale(names);
  for (let index = 0; index < 5; index += 1) {
    tale.history.add({ type: 'node', at: 0, id: `extra ${index}`, name: `${10000 + index}`, address: `127.0.0.1:${10000 + index}` });
    tale.status(`extra ${index}`, 'genesis', 0);
  }
  assert.equal(told(tale).sentence, '8 nodes agree on block 0.');
});

test('lists read as in a sentence', () => {
  assert.deepEqual([list([]), list([1]), list([1, 2]), list([1, 2, 3])], ['', '1', '1 and 2', '1, 2 and 3']);
});
