// Mines one block while the page goes on, as the page's own worker.js does, but with the
// program's search in vectors. It receives {bytes, zeroBits}, and answers with {tries} from
// time to time and in the end with {tries, bytes}. To stop it, terminate it.

import init, { Mining } from './cairn.js';

/** Tries between two answers, of which there are some ten a second. */
const PIECE = 500_000;

onmessage = async ({ data: { bytes, zeroBits } }) => {
  await init({ module_or_path: new URL('cairn_bg.wasm', import.meta.url) });
  const mining = new Mining(bytes, Math.min(zeroBits, 255));
  for (;;) {
    const found = mining.run(PIECE);
    postMessage(found ? { tries: mining.tries, bytes: found } : { tries: mining.tries });
    if (found) return;
  }
};
