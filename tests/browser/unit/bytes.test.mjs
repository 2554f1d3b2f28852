import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS, fromHex, hashOf, leadingZeroBits, read, toHex } from '../../../src/web/page/bytes.js';

/** The genesis block, byte for byte. */
const GENESIS = `4b00${'0'.repeat(64)}${(1634700000).toString(16)}${'114a6'.padStart(64, '0')}0100001b58`;

test('the fields cover all 75 bytes, one after the other', () => {
  let offset = 0;
  for (const field of FIELDS) {
    assert.equal(field.offset, offset);
    offset += field.length;
  }
  assert.equal(offset, 75);
  assert.equal(toHex(fromHex(GENESIS)), GENESIS);
  assert.equal(read(fromHex(GENESIS)).map((field) => field.digits).join(''), GENESIS);
});

test('the genesis block has its known hash', async () => {
  const { twice } = await hashOf(fromHex(GENESIS));
  assert.equal(twice, '00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72');
  assert.equal(leadingZeroBits(twice), 19);
});

test('values have words', () => {
  const values = Object.fromEntries(read(fromHex(GENESIS)).map(({ name, value }) => [name, value]));
  assert.equal(values['previous hash'], 'none: this is the first block');
  assert.equal(values.timestamp, '1634700000 = 2021-10-20 03:20:00 UTC');
  assert.equal(values.nonce, '70822');
  assert.equal(values.sender, '0 = nobody');
  assert.equal(values.receiver, '7000');
});

test('zero bits are counted up to the first one bit', () => {
  assert.deepEqual(['00', '01', '08', '80', '0f'].map(leadingZeroBits), [8, 7, 4, 0, 4]);
});
