// The head of the page: the badge, the one sentence, and the text for screen readers.

import { byId, setText } from './dom.js';
import { tell } from './story.js';

/** A screen reader reads a sentence out once it has stayed for this long. */
const SETTLED_MS = 800;

/** The headline. */
export class Header {
  update({ model, blocks, now, trouble }) {
    const { state, badge, sentence, detail } = trouble ? tellTrouble(trouble) : tell(model, blocks, now);
    byId('badge').dataset.state = state;
    setText(byId('badge'), badge);
    setText(byId('sentence'), sentence);
    setText(byId('detail'), detail);
    document.title = `${badge} – Cairn`;
    if (this.sentence === sentence) return;
    this.sentence = sentence;
    // Read out a sentence that stays for a moment, not each step before it.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => setText(byId('said'), `${badge}. ${sentence}`), SETTLED_MS);
  }
}

const tellTrouble = (sentence) => ({ state: 'failed', badge: 'Not shown', sentence, detail: '' });
