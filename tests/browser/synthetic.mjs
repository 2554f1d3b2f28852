// Recordings of invented networks, with real blocks: any number of nodes, and always the
// same bytes for the same input.
//
//   node synthetic.mjs NODES > FILE     a lesson's worth: a race, a split, a heal

import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';

/** The genesis block, byte for byte. */
export const GENESIS = `4b00${'0'.repeat(64)}${(1634700000).toString(16)}${'114a6'.padStart(64, '0')}0100001b58`;

const sha = (bytes) => createHash('sha256').update(bytes).digest();

/** A block's hash from its bytes. */
export const hashOf = (bytes) => sha(sha(bytes.subarray(1, 70))).toString('hex');

/** A node's name from its index: 7000, 8000 and so on, as in the tutorial. */
export const nameAt = (index) => String(7000 + index * 1000);

/** Writes a recording, line by line. Its time moves on by itself. */
export class Synthetic {
  constructor(nodes, { zeroBits = 8, from = 1_763_644_000_000 } = {}) {
    this.now = from;
    this.zeroBits = zeroBits;
    this.lines = [JSON.stringify({ 'cairn-recording': 1, by: 'a test' })];
    this.names = Array.from({ length: nodes }, (_, index) => nameAt(index));
    this.tips = new Map();
    this.blocks = new Map();
    this.genesis = this.block(Buffer.from(GENESIS, 'hex'), 0);
    for (const name of this.names) {
      this.line({ time_ms: 0, change: 'node', node: this.address(name), name, zero_bits: zeroBits });
      this.status(name, this.genesis);
    }
    this.wait(1000);
  }

  address(name) {
    return `127.0.0.1:${name}`;
  }

  line(fields) {
    this.lines.push(JSON.stringify({ time_ms: this.now, ...fields }));
  }

  wait(ms) {
    this.now += ms;
    return this;
  }

  event(name, event, fields) {
    this.line({ node: this.address(name), v: 1, event, ...fields });
  }

  status(name, block, paused = false) {
    this.tips.set(name, block);
    this.line({ change: 'status', node: this.address(name), tip: block.hash, height: block.height, paused });
  }

  block(bytes, height) {
    const block = { hash: hashOf(bytes), height, bytes: bytes.toString('hex'), previous: bytes.toString('hex', 2, 34) };
    this.blocks.set(block.hash, block);
    this.line({ change: 'block', ...block, timestamp: bytes.readUInt32BE(34), miner: String(bytes.readUInt16BE(73)) });
    return block;
  }

  /** A node finds a block on its tip; these take it over a moment later. */
  find(name, others = []) {
    const parent = this.tips.get(name);
    const bytes = Buffer.alloc(75);
    bytes.writeUInt8(75, 0);
    bytes.write(parent.hash, 2, 'hex');
    bytes.writeUInt32BE(Math.floor(this.now / 1000), 34);
    bytes.writeUInt8(1, 70);
    bytes.writeUInt16BE(Number(name), 73);
    let nonce = Number(name) * 65536;
    do bytes.writeUInt32BE(nonce++, 66); while (!hashOf(bytes).startsWith('0'.repeat(this.zeroBits / 4)));
    this.event(name, 'tried', { counter: 60_000 });
    const block = this.block(bytes, parent.height + 1);
    this.tips.set(name, block);
    this.event(name, 'created', { height: block.height, hash: block.hash });
    for (const other of others) if (other !== name) this.wait(5).copy(other, name);
    return this.wait(1500);
  }

  /** A datagram is sent from one node to another. */
  message(name, from, delay, lost = false) {
    this.event(name, 'message', { from: this.address(from), kind: 'chain', length: 75, delay_ms: delay, lost });
  }

  /** A node takes over another's chain. */
  copy(name, from) {
    this.message(name, from, 0);
    const [mine, theirs] = [this.tips.get(name), this.tips.get(from)];
    const abandoned = theirs.previous === mine.hash ? 0 : 1;
    this.tips.set(name, theirs);
    const { height, hash } = theirs;
    this.event(name, 'copied', { height, hash, from: this.address(from), listed: true, abandoned });
  }

  /** From now on the first nodes do not hear the second ones. */
  refuse(names, others) {
    for (const name of names) {
      this.line({ change: 'refused', node: this.address(name), refused: others.map((other) => this.address(other)) });
    }
    return this.wait(500);
  }

  /** The blocks of a node's chain from genesis on, as bytes. */
  blocksOf(name) {
    const blocks = [];
    for (let block = this.tips.get(name); block; block = this.blocks.get(block.previous)) blocks.unshift(block);
    return blocks;
  }

  /** A node's chain in the form of a chain file. */
  chain(name) {
    return Buffer.from(this.blocksOf(name).map(({ bytes }) => bytes).join(''), 'hex');
  }

  hashAt(name, height) {
    return this.blocksOf(name)[height].hash;
  }

  text() {
    return `${this.lines.join('\n')}\n`;
  }
}

/** Blocks by each node in turn, a race, a split into halves with a block on each side, a heal, a reorganisation. */
export function lesson(nodes, rounds = 6) {
  const tale = new Synthetic(nodes);
  const all = tale.names;
  const half = Math.ceil(nodes / 2);
  const [left, right] = [all.slice(0, half), all.slice(half)];
  for (let round = 0; round < rounds; round += 1) tale.find(all[(round * 7) % nodes], all);
  tale.refuse(left, right).find(left[0], left).find(right[0], right);
  tale.find(right.at(-1), right).refuse(left, []);
  for (const name of left) tale.wait(5).copy(name, right.at(-1));
  for (const name of left.slice(1)) tale.message(name, left[0], 3000, name === left.at(-1));
  tale.wait(7000).find(all[0], all);
  // A race: the first and the last find a block at the same moment.
  const late = all.slice(1).slice(-2);
  tale.find(all[0], all.filter((name) => !late.includes(name))).wait(-1400).find(all.at(-1), late);
  return tale;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(lesson(Number(process.argv[2] ?? 3)).text());
}
