// What follows the # in the page's address: `#recording=/run.jsonl&block=00ab…`. What else
// is there is for the source, and stays as it is.

/** The parts of an address: {recording, block}, each a string or null, and the `rest`. */
export function readAddress(fragment) {
  const parts = partsOf(fragment);
  const valueOf = (name) => {
    const part = parts.find((found) => found.startsWith(`${name}=`));
    return part ? new URLSearchParams(part).get(name) || null : null;
  };
  const isOurs = (part) => /^(recording|block)=/.test(part);
  return { recording: valueOf('recording'), block: valueOf('block'), rest: parts.filter((part) => !isOurs(part)).join('&') };
}

/** The same, the other way round. */
export function writeAddress({ recording, block, rest = '' }) {
  const parts = partsOf(rest);
  if (recording) parts.push(`recording=${encodeURIComponent(recording).replaceAll('%2F', '/')}`);
  if (block) parts.push(`block=${encodeURIComponent(block)}`);
  return `#${parts.join('&')}`;
}

/** Shows these parts in the address bar, without a step in the browser's history. */
export function showAddress(parts) {
  const fragment = writeAddress({ ...readAddress(location.hash), ...parts });
  history.replaceState(null, '', fragment === '#' ? location.pathname + location.search : fragment);
}

const partsOf = (fragment) => fragment.replace(/^#/, '').split('&').filter((part) => part !== '');
