// Mines one block while the page goes on. It receives {bytes, zeroBits}, and answers with
// {tries} from time to time and in the end with {tries, bytes}. To stop it, terminate it.

import { Search } from './search.js';

/** Tries between two answers, of which there are some ten a second. */
const PIECE = 20000;

onmessage = ({ data: { bytes, zeroBits } }) => {
  const search = new Search(bytes, zeroBits);
  for (;;) {
    const found = search.run(PIECE);
    postMessage(found ? { tries: search.tries, bytes: found } : { tries: search.tries });
    if (found) return;
  }
};
