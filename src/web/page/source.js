// Where changes come from. The page knows no more of it than this.
//
// A source is an object with
//
//   title          what the page calls it, in a few words
//   can            a Set of what it can do: the names of the commands that it
//                  carries out, `live` (its changes happen now, and there are
//                  more to come), `blocks` and `older` (the questions below);
//                  the page hides what a source cannot do
//   start(tell)    begins to tell: `tell(change)` for each change, see model.js;
//                  a promise that fails where there is nothing to be told
//   stop()         tells nothing more
//   command(id, name, address)
//                  a node carries a command out: `pause`, `resume`, `mine` (one
//                  block), `share` (its chain, with all), `connect` and
//                  `disconnect` (the node that has this address); a promise that
//                  fails with the reason in words
//                  `stop`, `start` and `add` (whatever `id` is) where it can
//                  `network`: a node is stopped, started or added
//   block(hash)    a promise of the block with this hash, and its `bytes` as digits
//   older(from, count)
//                  tells blocks from far back in the chain
//
// net.js is the live network, recorded.js a recording.

import { Network } from './net.js';
import { Recorded } from './recorded.js';

/** The source that the page's address names: a recording, or else the live network. */
export function sourceOf(address) {
  return address.recording ? Recorded.at(address.recording) : new Network();
}
