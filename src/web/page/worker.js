// Mines one block beside the page, which goes on meanwhile. It is sent {bytes,
// zeroBits} and answers {tries} now and then, and at last {tries, bytes}. To stop
// it, end it.

import { Search } from './search.js';

/** Tries between two answers: some ten a second. */
const PIECE = 20000;

onmessage = ({ data: { bytes, zeroBits } }) => {
  const search = new Search(bytes, zeroBits);
  for (;;) {
    const found = search.run(PIECE);
    postMessage(found ? { tries: search.tries, bytes: found } : { tries: search.tries });
    if (found) return;
  }
};
