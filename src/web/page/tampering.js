// A block and those after it, with somebody's changes. Pure: bytes in, verdicts out.

import { fieldOf, hashOf, numberOf, toHex, writeField } from './bytes.js';
import { faultOf } from './rules.js';

/** A stretch of a chain that can be changed block by block. */
export class Tampering {
  /**
   * `blocks` are the bytes of the block opened and of those after it; its height
   * is `height`, `times` are the timestamps before it, oldest first, and `before` is
   * the block before it, if it is known.
   */
  constructor({ before, blocks, height, times, zeroBits }) {
    Object.assign(this, { before, height, times, zeroBits });
    this.originals = blocks.map((bytes) => bytes.slice());
    this.blocks = blocks.map((bytes) => bytes.slice());
  }

  isChanged(index) {
    return toHex(this.blocks[index]) !== toHex(this.originals[index]);
  }

  /** Flips one bit: bit 7 is the first of a byte, bit 0 its last. */
  flip(index, byte, bit) {
    this.blocks[index][byte] ^= 1 << bit;
  }

  undo() {
    this.blocks = this.originals.map((bytes) => bytes.slice());
  }

  /** Updates a block's previous hash to the current hash of the block before it. */
  link(index) {
    const { twice } = hashOf(this.blocks[index - 1]);
    writeField(this.blocks[index], 'previous hash', `0x${twice}`);
  }

  /**
   * The verdict on each block: {height, hash, fault, isChanged, broken}. `fault` is the
   * rule that the block itself breaks; `broken` is the height of the first block before
   * it that breaks a rule, if there is one.
   */
  verdicts() {
    let previous = toHex(fieldOf(this.originals[0], 'previous hash'));
    let broken = null;
    const times = [...this.times];
    return this.blocks.map((bytes, index) => {
      const height = this.height + index;
      const genesis = height === 0 ? this.originals[0] : undefined;
      const fault = faultOf(bytes, { previous, times, zeroBits: this.zeroBits, genesis });
      previous = hashOf(bytes).twice;
      times.push(Number(numberOf(bytes, 'timestamp')));
      const verdict = { height, hash: previous, fault, isChanged: this.isChanged(index), broken };
      if (fault && broken === null) broken = height;
      return verdict;
    });
  }
}
