// The search for a nonce, as the nodes do it: only the last five bytes of the header
// change, so the bytes before them are hashed once.

import { HEADER } from './bytes.js';
import { CHUNK, compress, pad, start, writeState } from './sha256.js';

/** The part of the nonce that is counted up: the last 5 bytes of the header. */
const COUNTED = { start: HEADER.start + CHUNK, end: HEADER.end };

/** The number of leading zero bits of a state. */
function zerosOf(state) {
  let zeros = 0;
  for (const word of state) {
    zeros += Math.clz32(word);
    if (word !== 0) break;
  }
  return zeros;
}

/** A search for a block's nonce, in parts: call `run` until it returns the block. */
export class Search {
  /** `bytes` is the block; the low 40 bits of its nonce count up from zero. */
  constructor(bytes, zeroBits) {
    this.bytes = bytes.slice();
    this.zeroBits = zeroBits;
    this.tries = 0;
    this.middle = start();
    compress(this.middle, bytes, HEADER.start);
    this.rest = new Uint8Array(CHUNK);
    pad(this.rest, COUNTED.end - COUNTED.start, HEADER.end - HEADER.start);
    this.once = new Uint8Array(CHUNK);
    pad(this.once, 32, 32);
  }

  /** Makes `count` tries; returns the block if a hash was low enough, else null. */
  run(count) {
    const first = start();
    const state = start();
    for (const end = this.tries + count; this.tries < end;) {
      this.write(this.rest, 0, this.tries);
      this.tries += 1;
      state.set(this.middle);
      compress(state, this.rest);
      writeState(state, this.once);
      state.set(first);
      compress(state, this.once);
      if (zerosOf(state) >= this.zeroBits) return this.found();
    }
    return null;
  }

  found() {
    this.write(this.bytes, COUNTED.start, this.tries - 1);
    return this.bytes;
  }

  /** Writes a counter as 5 bytes. */
  write(bytes, offset, counter) {
    bytes[offset] = counter / 2 ** 32;
    bytes[offset + 1] = counter >>> 24;
    bytes[offset + 2] = counter >>> 16;
    bytes[offset + 3] = counter >>> 8;
    bytes[offset + 4] = counter;
  }
}
