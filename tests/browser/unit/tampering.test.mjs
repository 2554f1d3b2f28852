import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fieldOf, fromHex, hashOf, numberOf, toHex, typedValue, writeField } from '../../../src/web/page/bytes.js';
import { Search } from '../../../src/web/page/search.js';
import { sha256 } from '../../../src/web/page/sha256.js';
import { Tampering } from '../../../src/web/page/tampering.js';
import { GENESIS, Synthetic, hashOf as trueHash } from '../synthetic.mjs';

/** A valid chain of five blocks, opened at a height. */
function opened(height) {
  const tale = new Synthetic(1);
  for (let block = 0; block < 5; block += 1) tale.find('7000');
  const blocks = tale.blocksOf('7000').map(({ bytes }) => fromHex(bytes));
  const times = blocks.slice(0, height).map((bytes) => Number(numberOf(bytes, 'timestamp')));
  return new Tampering({ blocks: blocks.slice(height), height, times, zeroBits: 8 });
}

const verdictsOf = (tampering) => tampering.verdicts().map(({ fault, broken }) => fault?.rule ?? (broken === null ? 'valid' : `on ${broken}`));

function mineAgain(tampering, index) {
  const search = new Search(tampering.blocks[index], tampering.zeroBits);
  for (let found = null; !found;) {
    found = search.run(100);
    if (found) tampering.blocks[index].set(found);
  }
}

test('SHA-256 agrees with another implementation, for messages of every length around its blocks', () => {
  for (let length = 0; length <= 200; length += 1) {
    const message = Uint8Array.from({ length }, (_, index) => index * 7 + length);
    assert.equal(toHex(sha256(message)), createHash('sha256').update(message).digest('hex'));
  }
});

test('a search finds the first nonce whose hash is low enough, as trying them all does', () => {
  const bytes = fromHex(GENESIS);
  const search = new Search(bytes, 8);
  const found = search.run(100_000);
  assert.ok(trueHash(Buffer.from(found)).startsWith('00'));
  for (let counter = 0; counter < search.tries - 1; counter += 1) {
    writeField(bytes, 'nonce', String(counter));
    assert.ok(!trueHash(Buffer.from(bytes)).startsWith('00'), `${counter} is low enough as well`);
  }
  assert.equal(numberOf(found, 'nonce'), BigInt(search.tries - 1));
});

test('an untouched chain is valid from its genesis block on', () => {
  assert.deepEqual(verdictsOf(opened(0)), Array(6).fill('valid'));
});

test('one changed bit breaks the block and, through its hash, every block after it', () => {
  const tampering = opened(2);
  tampering.flip(0, 69, 0);
  const verdicts = verdictsOf(tampering);
  assert.ok(['proof-of-work', 'valid'].includes(verdicts[0]));
  tampering.blocks[0].set(tampering.originals[0]);
  writeField(tampering.blocks[0], 'timestamp', '1');
  assert.equal(tampering.verdicts()[1].fault.rule, 'previous-hash');
  assert.deepEqual(verdictsOf(tampering).slice(2), ['on 2', 'on 2']);
  tampering.undo();
  assert.deepEqual(verdictsOf(tampering), Array(4).fill('valid'));
});

test('a block that is mined again is valid, and the next link is still broken until that is mined too', () => {
  const tampering = opened(2);
  writeField(tampering.blocks[0], 'nonce', '0x1234567890abcdef1234567890');
  mineAgain(tampering, 0);
  assert.deepEqual(verdictsOf(tampering), ['valid', 'previous-hash', 'on 3', 'on 3']);
  for (const index of [1, 2, 3]) {
    tampering.link(index);
    mineAgain(tampering, index);
  }
  assert.deepEqual(verdictsOf(tampering), Array(4).fill('valid'));
});

test('bytes that no hash covers can be changed without breaking a rule: who earns the reward', () => {
  const tampering = opened(3);
  writeField(tampering.blocks[0], 'receiver', '9000');
  assert.deepEqual(verdictsOf(tampering), Array(3).fill('valid'));
  assert.ok(tampering.isChanged(0));
});

test('each field can be typed in decimal or hexadecimal, and what does not fit is refused', () => {
  const bytes = fromHex(GENESIS);
  writeField(bytes, 'sender', '0xffff');
  assert.equal(typedValue(bytes, 'sender'), '65535');
  writeField(bytes, 'nonce', '0xffffffffffffffffff');
  assert.equal(typedValue(bytes, 'nonce'), '0xffffffffffffffffff');
  writeField(bytes, 'previous hash', `0x${'ab'.repeat(32)}`);
  assert.equal(toHex(fieldOf(bytes, 'previous hash')), 'ab'.repeat(32));
  assert.notEqual(hashOf(bytes).twice, hashOf(fromHex(GENESIS)).twice);
  for (const text of ['65536', '-1', '1.5', '0x', 'abc', '']) {
    assert.throws(() => writeField(bytes, 'sender', text), /the sender is a number from 0 to 65535, decimal or with 0x in front/);
  }
});
