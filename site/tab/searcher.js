// Searches for a nonce while the page goes on: it receives {block, start, count, zeroBits}
// and answers with {counter, tries}; `counter` is undefined if it found none.

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
