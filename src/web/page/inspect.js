// The dialog that shows a block's bytes. It hashes them itself, and lets whoever
// reads change a bit to see what becomes of the hash.

import { canHash, fromHex, hashOf, leadingZeroBits, read } from './bytes.js';
import { byId, html, setText } from './dom.js';

/** The dialog. */
export class Inspector {
  /** `load(hash)` gives the block as the nodes tell it; `zeroBits()` what a hash must have. */
  constructor({ load, zeroBits, onClose }) {
    this.dialog = byId('inspect');
    Object.assign(this, { load, zeroBits });
    this.dialog.addEventListener('close', onClose);
    byId('inspect-close').addEventListener('click', () => this.dialog.close());
    byId('flip').addEventListener('click', () => this.flip());
    // A click beside the dialog closes it.
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  /** Opens the dialog on a block; the focus comes back to where it was by itself. */
  async open(hash, block) {
    setText(byId('inspect-title'), `Block ${block?.height ?? ''}`);
    setText(byId('inspect-hash'), hash);
    setText(byId('verdict'), 'Asking the nodes for its bytes…');
    byId('fields').replaceChildren();
    byId('hex').replaceChildren();
    if (!this.dialog.open) this.dialog.showModal();
    try {
      const answer = await this.load(hash);
      this.claimed = hash;
      this.original = fromHex(answer.bytes);
      this.bytes = this.original.slice();
      await this.show();
    } catch (error) {
      setText(byId('verdict'), `No node tells its bytes: ${error.message}`);
    }
  }

  /** Changes the lowest bit of the nonce, or changes it back. */
  async flip() {
    if (!this.bytes) return;
    this.bytes[69] ^= 1;
    await this.show();
  }

  async show() {
    const fields = read(this.bytes);
    byId('hex').replaceChildren(...fields.map((field, index) => html('span', { class: `bytes field-${index}${field.isHashed ? ' hashed' : ''}`, title: field.name }, field.digits)));
    byId('fields').replaceChildren(...fields.map((field, index) => row(field, index)));
    if (!canHash()) {
      setText(byId('verdict'), 'Browsers hash only for pages from 127.0.0.1, localhost or https: open this page on the node’s own machine to see it.');
      return;
    }
    const { once, twice } = await hashOf(this.bytes);
    setText(byId('once'), once);
    const zeros = leadingZeroBits(twice);
    byId('twice').replaceChildren(html('b', {}, twice.slice(0, Math.floor(zeros / 4))), twice.slice(Math.floor(zeros / 4)));
    const isChanged = this.bytes[69] !== this.original[69];
    setText(byId('flip'), isChanged ? 'Change the bit back' : 'Change one bit of the nonce');
    const verdict = byId('verdict');
    verdict.dataset.ok = twice === this.claimed;
    setText(verdict, judge(twice, this.claimed, zeros, this.zeroBits(), isChanged));
  }
}

function judge(found, claimed, zeros, needed, isChanged) {
  if (isChanged) {
    return `✗ One bit is different, and so is the whole hash: ${zeros} zero bits in front, where ${needed} are needed. The block is worthless.`;
  }
  if (found !== claimed) return '✗ Your browser finds another hash than the node told: somebody is wrong.';
  return `✓ Your browser hashed these bytes and finds the same hash: ${zeros} zero bits in front, at least ${needed} needed.`;
}

function row(field, index) {
  const last = field.offset + field.length - 1;
  const where = field.length === 1 ? `${field.offset}` : `${field.offset}–${last}`;
  return html('tr', {},
    html('td', { class: `swatch field-${index}` }, where),
    html('th', { scope: 'row' }, field.name),
    html('td', { class: 'value' }, field.value),
    html('td', { class: 'about' }, field.about, field.isHashed ? '' : ' (not in the hash)'));
}
