// The part after the # in the page's address: `#recording=/run.jsonl&block=00ab…`. Its
// other parts belong to the source and stay unchanged.

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

/** The inverse of `readAddress`. */
export function writeAddress({ recording, block, rest = '' }) {
  const parts = partsOf(rest);
  if (recording) parts.push(`recording=${encodeURIComponent(recording).replaceAll('%2F', '/')}`);
  if (block) parts.push(`block=${encodeURIComponent(block)}`);
  return `#${parts.join('&')}`;
}

/** Shows these parts in the address bar, without an entry in the browser's history. */
export function showAddress(parts) {
  const fragment = writeAddress({ ...readAddress(location.hash), ...parts });
  history.replaceState(null, '', fragment === '#' ? location.pathname + location.search : fragment);
}

const partsOf = (fragment) => fragment.replace(/^#/, '').split('&').filter((part) => part !== '');
