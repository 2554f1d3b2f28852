// Mines one block beside the page, as the page's own worker.js does, with the program's
// own search in vectors. It is sent {bytes, zeroBits} and answers {tries} now and then, and
// at last {tries, bytes}. To stop it, end it.

import init, { Mining } from './cairn.js';

/** Tries between two answers: some ten a second. */
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
