// Large type, for a projector: remembered by this browser.

import { byId } from './dom.js';
import { keep, recall } from './kept.js';

const KEY = 'large-type';

/** Makes the button switch large type on and off; `onChange` is called after that. */
export function handleLargeType(onChange) {
  const button = byId('large');
  const show = (isLarge) => {
    document.documentElement.classList.toggle('is-large', isLarge);
    button.setAttribute('aria-pressed', isLarge);
  };
  show(recall('localStorage', KEY) === 'on');
  button.addEventListener('click', () => {
    const isLarge = button.getAttribute('aria-pressed') !== 'true';
    keep('localStorage', KEY, isLarge ? 'on' : 'off');
    show(isLarge);
    onChange();
  });
}
