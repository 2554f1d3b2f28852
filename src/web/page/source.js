// Where changes come from. The page knows no more of it than this.
//
// A source is an object with
//
//   title          what the page calls it, in a few words
//   can            a Set of what it can do: the names of the commands that it
//                  carries out, `live` (its changes happen now, and there are
//                  more to come), and the questions below; the page hides what a
//                  source cannot do
//   start(tell)    begins to tell: `tell(change)` for each change, see below;
//                  a promise that fails where there is nothing to be told
//   stop()         tells nothing more
//   command(id, name, detail)
//                  carries a command out: a promise that fails with the reason in
//                  words. Of the node with this id:
//                    pause, resume, mine (one block), share (its chain, with all)
//                    connect, disconnect    the node whose address is `detail`
//                    hear      takes {from, bytes} as a datagram from that address,
//                              bytes as digits, and promises its verdict
//                              {outcome, reason, detail}: `outcome` is `ignored`,
//                              `copied` or `nothing`; `reason` is the rule's name
//                    stop, start            where it can `network`
//                  Of the whole network, whatever `id` is:
//                    add                    a node, where it can `network`
//                    links                  {delay, loss}: ms, and per cent
//                    pace                   `slow`, `lesson` or `fast`
//   block(hash)    where it can `blocks`: a promise of the block with this hash,
//                  and its `bytes` as digits
//   older(from, count)
//                  where it can `older`: tells blocks from far back in the chain
//   watch(isOn)    where it can `watch`: begins or ends to tell of messages. A
//                  source that cannot tells all messages that it knows of at once
//   audience()     where it can `audience`: a promise of {url, code}, where others
//                  may look, and the rows of its QR code, `1` for dark; or null
//
//   now()          where it has a time of its own: the moment that is now; otherwise
//                  this machine's clock has it
//   clock          where it can `clock`: how its time passes, see clock.js
//   way            where messages take a time of their own, to which a delay is added:
//                  {least, most}, in milliseconds
//   mining         where it has a better one: the address of a worker that mines a
//                  block, as worker.js does
//
// A change has `type`, `at` (Unix milliseconds) and mostly `id`, the node's. Nodes
// know each other by `address`, which may be the id.
//
//   node      {id, name, address, miner?, zeroBits?}    there is this node; `at` is 0
//   up, down  {id}                                      it answers, or no longer does
//   status    {id, tip, height, paused, counter, isFirst?}
//   refused   {id, refused}                             all addresses that it refuses
//   network   {links?: {delay, loss}, pace?: {nonces, listen}}     as things stand:
//                                                       ms, per cent, tries, ms
//   block     {block: {hash, height, previous, timestamp, miner, work?, bytes?}}
//                                                       `at` is 0 where nobody knows
//                                                       when it was first seen
//   message   {id, from, kind, length, delay, isLost, count}
//                                                       a datagram, sent at `at` by
//                                                       the address `from` to the
//                                                       node `id`, which gets it
//                                                       `delay` ms later unless it is
//                                                       lost; kind is `chain`,
//                                                       `blocks`, `question` or
//                                                       `other`; it stands for
//                                                       `count` datagrams. It may be
//                                                       told as soon as it is sent
//   failed    {what}                                    what a simulation checks
//                                                       does not hold: its end
//   event     {id, event}                               as GET /events tells it:
//                                                       `event.event` is started,
//                                                       tried, created, copied,
//                                                       rested, ignored, unsent,
//                                                       stopped, paused, resumed,
//                                                       connected or disconnected
//                                                       {peer}, links {delay_ms,
//                                                       loss}, paced {nonces,
//                                                       listen_ms}, message_sent
//                                                       {to, text},
//                                                       message_received {from,
//                                                       name, text},
//                                                       message_refused {from,
//                                                       detail}; others are left
//                                                       out
//
// Changes of other types are left out. `toEvent` in recording.js makes changes of
// events, and of messages, as the nodes tell them in JSON.
//
// net.js is the live network, recorded.js a recording; home.js says which source is
// there by itself.

import { Home } from './home.js';
import { Recorded } from './recorded.js';

/** The source that the page's address names: a recording, or else the one that is there by itself. */
export function sourceOf(address) {
  return address.recording ? Recorded.at(address.recording) : new Home();
}
