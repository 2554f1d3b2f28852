// The dialog that shows a block's bytes and those of the blocks after it. The browser
// hashes them itself, checks them by the rules, and lets people change them to see the
// effect on the chain.

import { hashOf, leadingZeroBits } from './bytes.js';
import { byId, html, setText, short } from './dom.js';
import { Editor } from './editor.js';
import { Remine } from './remine.js';
import { Tampering } from './tampering.js';

/** The bit that the quick button flips: the lowest of the nonce. */
const QUICK = { byte: 69, bit: 0 };

/** The dialog. */
export class Inspector {
  /**
   * `load(hash)` gives a stretch of the chain, see stretch.js; `zeroBits()` is the number
   * of zero bits that a hash needs, `mining()` the address of a worker that mines, and
   * `sending` sends blocks to a node.
   */
  constructor({ load, zeroBits, mining, sending, onClose }) {
    this.dialog = byId('inspect');
    Object.assign(this, { load, zeroBits, sending });
    this.editor = new Editor((edit) => this.edit(0, edit));
    this.remine = new Remine(mining);
    this.dialog.addEventListener('close', () => {
      this.remine.stop();
      onClose();
    });
    byId('inspect-close').addEventListener('click', () => this.dialog.close());
    byId('flip').addEventListener('click', () => this.edit(0, (bytes) => (bytes[QUICK.byte] ^= 1 << QUICK.bit)));
    byId('undo').addEventListener('click', () => {
      this.remine.stop();
      this.tampering.undo();
      this.show();
    });
    byId('mine-again').addEventListener('click', () => this.mine(0));
    // A click beside the dialog closes it.
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  /** Opens the dialog on a block; the browser restores the focus when it closes. */
  async open(hash, block) {
    setText(byId('inspect-title'), `Block ${block?.height ?? ''}`);
    setText(byId('inspect-hash'), hash);
    setText(byId('verdict'), 'Asking the nodes for its bytes…');
    delete byId('verdict').dataset.ok;
    byId('inspect-body').hidden = true;
    this.remine.stop();
    this.remine.show();
    this.tampering = null;
    this.claimed = hash;
    if (!this.dialog.open) this.dialog.showModal();
    try {
      const stretch = await this.load(hash);
      if (this.claimed !== hash) return;
      this.tampering = new Tampering({ ...stretch, zeroBits: this.zeroBits() });
      this.more = stretch.more;
      setText(byId('inspect-title'), `Block ${stretch.height}`);
      byId('inspect-body').hidden = false;
      this.show();
    } catch (error) {
      if (this.claimed === hash) setText(byId('verdict'), `Its bytes cannot be shown: ${error.message}.`);
    }
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  /** Changes a block, and stops a search for its old bytes. */
  edit(index, change) {
    if (!this.tampering) return;
    this.remine.stop();
    change(this.tampering.blocks[index]);
    this.show();
  }

  mine(index) {
    const { blocks, zeroBits } = this.tampering;
    this.remine.run(blocks[index], zeroBits, (found) => this.edit(index, (bytes) => bytes.set(found)));
  }

  /** Updates a block's previous hash to the block before it, and mines it again. */
  mend(index) {
    this.edit(index, () => this.tampering.link(index));
    this.mine(index);
  }

  show() {
    const { blocks, originals, zeroBits } = this.tampering;
    const verdicts = this.tampering.verdicts();
    const { once, twice } = hashOf(blocks[0]);
    const zeros = leadingZeroBits(twice);
    this.editor.fill(blocks[0]);
    setText(byId('once'), once);
    byId('twice').replaceChildren(html('b', {}, twice.slice(0, Math.floor(zeros / 4))), twice.slice(Math.floor(zeros / 4)));
    byId('undo').disabled = !verdicts.some(({ isChanged }) => isChanged);
    const { isGood, words } = judge(verdicts, { claimed: this.claimed, wasHashed: hashOf(originals[0]).twice, zeros, zeroBits });
    byId('verdict').dataset.ok = isGood;
    setText(byId('verdict'), words);
    byId('links').replaceChildren(...verdicts.map((verdict, index) => this.drawLink(verdict, index)));
    this.sending.show(this.tampering);
    setText(byId('links-more'), this.more > 0 ? `${this.more} more follow, and each builds on all before it.` : '');
  }

  drawLink({ height, hash, fault, broken }, index) {
    const words = fault ? `✗ ${fault.rule}: ${fault.words}` : broken !== null ? `✗ builds on block ${broken}, which is invalid` : '✓ valid';
    // Only the first broken link can be mended: later blocks build on it.
    const canMend = index > 0 && broken === null && fault?.rule === 'previous-hash';
    const mend = html('button', { type: 'button', on: { click: () => this.mend(index) } }, `Link block ${height} and mine it again`);
    return html('li', { 'data-height': height, 'data-ok': String(!fault && broken === null) },
      html('b', {}, `#${height}`), ` ${short(hash)} `, html('span', {}, words), canMend ? mend : null);
  }
}

/** The one sentence about the block that is open. */
function judge([first, next], { claimed, wasHashed, zeros, zeroBits }) {
  if (wasHashed !== claimed) return { isGood: false, words: '✗ Your browser finds another hash than the node: one of them is wrong.' };
  if (first.fault) return { isGood: false, words: `✗ Block ${first.height} breaks ${first.fault.rule}: ${first.fault.words}.${first.isChanged ? ' No node takes it, nor any block after it.' : ''}` };
  if (!first.isChanged) {
    return { isGood: true, words: `✓ Your browser hashed these bytes and finds the same hash: ${zeros} zero bits in front, at least ${zeroBits} needed.` };
  }
  if (first.hash === claimed) return { isGood: true, words: '✓ The bytes are different and the hash is the same: it does not cover what you changed. No rule is broken.' };
  const isBroken = next?.fault?.rule === 'previous-hash';
  const rest = isBroken ? ` But it has another hash, and block ${next.height} still names the old one: the next link is broken.` : '';
  return { isGood: !isBroken, words: `✓ Block ${first.height} is valid again, with ${zeros} zero bits.${rest}` };
}
