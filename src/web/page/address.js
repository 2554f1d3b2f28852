// What follows the # in the page's address: `#recording=/run.jsonl&block=00ab…`

/** The parts of an address: {recording, block}, each a string or null. */
export function readAddress(fragment) {
  const parts = new URLSearchParams(fragment.replace(/^#/, ''));
  return { recording: parts.get('recording'), block: parts.get('block') };
}

/** The same, the other way round. */
export function writeAddress({ recording, block }) {
  const parts = [];
  if (recording) parts.push(`recording=${encodeURIComponent(recording).replaceAll('%2F', '/')}`);
  if (block) parts.push(`block=${encodeURIComponent(block)}`);
  return `#${parts.join('&')}`;
}

/** Shows these parts in the address bar, without a step in the browser's history. */
export function showAddress(parts) {
  const fragment = writeAddress({ ...readAddress(location.hash), ...parts });
  history.replaceState(null, '', fragment === '#' ? location.pathname : fragment);
}
