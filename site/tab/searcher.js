// Searches for a nonce beside the page: it is sent {block, start, count, zeroBits}, and
// answers {counter, tries}; `counter` is what was found, or undefined.

import init, { Mining } from './cairn.js';

const ready = init({ module_or_path: new URL('cairn_bg.wasm', import.meta.url) });

onmessage = async ({ data: { block, start, count, zeroBits } }) => {
  await ready;
  const mining = new Mining(block, zeroBits);
  mining.startAt(start);
  const found = mining.run(count);
  const end = mining.tries;
  mining.free();
  postMessage({ counter: found ? end - 1 : undefined, tries: end - start });
};
