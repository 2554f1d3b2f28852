// The head of the page: the badge, the one sentence, and what is read out.

import { byId, setText } from './dom.js';
import { tell } from './story.js';

/** A sentence that has stood for this long is read out to those who do not see it. */
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
    // Read out what stays for a moment, not each step on the way there.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => setText(byId('said'), `${badge}. ${sentence}`), SETTLED_MS);
  }
}

const tellTrouble = (sentence) => ({ state: 'failed', badge: 'Not shown', sentence, detail: '' });
