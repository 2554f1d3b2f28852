// Sends the open blocks, with their changes, to a node, and shows its verdict.

import { byId, html, setText } from './dom.js';
import { nodesOf } from './groups.js';
import { senderFor, tell, tellVerdict } from './lie.js';

/** The row with the choice of a node and the button. */
export class Sending {
  /** `source()` sends the blocks, `live()` is the current model. */
  constructor({ source, live }) {
    Object.assign(this, { source, live });
    this.choice = byId('send-to');
    this.verdict = byId('send-verdict');
    byId('send-it').addEventListener('click', () => this.send());
  }

  /** Takes other blocks, or new changes of the same blocks. */
  show(tampering) {
    this.tampering = tampering;
    this.asked = null;
    setText(this.verdict, '');
    delete this.verdict.dataset.ok;
    const up = nodesOf(this.live()).filter((node) => node.up);
    const names = up.map(({ name }) => name).join();
    if (this.names === names) return;
    this.names = names;
    this.choice.replaceChildren(...up.map(({ id, name }) => html('option', { value: id }, name)));
  }

  async send() {
    const { tampering } = this;
    const node = this.live().nodes.get(this.choice.value);
    if (!node || !tampering) return;
    const asked = (this.asked = {});
    const from = senderFor(node, this.live());
    const { before, blocks, height } = tampering;
    const isLonger = tampering.verdicts().some(({ fault }) => fault);
    const verdict = await tell(this.source(), node, { from, before, blocks, height, isLonger })
      .then((found) => tellVerdict(node.name, found))
      .catch((error) => ({ isGood: false, words: `That did not work: ${error.message}` }));
    // In the meantime the blocks were changed, or others were opened.
    if (this.asked !== asked) return;
    this.verdict.dataset.ok = verdict.isGood;
    setText(this.verdict, verdict.words);
  }
}
