// The address for a class's phones, and its QR code.

import { byId, setText, svg } from './dom.js';

/** The width of the light margin around a code, in modules, so that a camera finds it. */
const MARGIN = 4;

/** Makes the button show the audience's address that `source()` gives. */
export function handlePhones(source, say) {
  const dialog = byId('phones');
  byId('phones-open').addEventListener('click', async () => {
    const audience = await source().audience().catch((error) => say(`That did not work: ${error.message}`));
    if (!audience) return;
    const link = byId('phones-url');
    setText(link, audience.url);
    link.href = audience.url;
    byId('phones-code').replaceChildren(draw(audience.code));
    dialog.showModal();
  });
  byId('phones-close').addEventListener('click', () => dialog.close());
}

/** A code from its rows of digits. */
function draw(rows) {
  const dark = rows.flatMap((row, y) => [...row].map((digit, x) => (digit === '1' ? `M${x} ${y}h1v1h-1z` : '')));
  const size = rows.length + 2 * MARGIN;
  return svg('svg', { viewBox: `${-MARGIN} ${-MARGIN} ${size} ${size}`, role: 'img', 'aria-label': 'QR code of this address', class: 'code' },
    svg('rect', { x: -MARGIN, y: -MARGIN, width: size, height: size, fill: '#fff' }),
    svg('path', { d: dark.join(''), fill: '#000' }));
}
