// The interface of a source of changes. The page uses nothing else of a source.
//
// A source is an object with
//
//   title          its name on the page, in a few words
//   can            a Set of its abilities: the names of the commands that it
//                  carries out, `live` (its changes happen now, and more will
//                  come), and the requests below; the page hides what a source
//                  cannot do
//   start(tell)    starts to report: calls `tell(change)` for each change, see
//                  below; a promise that fails if there is nothing to report
//   stop()         reports nothing more
//   command(id, name, detail)
//                  carries a command out: a promise that fails with the reason in
//                  words. For the node with this id:
//                    pause, resume, mine (one block), share (its chain, with all)
//                    connect, disconnect    the node whose address is `detail`
//                    hear      takes {from, bytes} as a datagram from that address,
//                              bytes as digits, and promises its verdict
//                              {outcome, reason, detail}: `outcome` is `ignored`,
//                              `copied` or `nothing`; `reason` is the rule's name
//                    stop, start            if it can `network`
//                  For the whole network, whatever `id` is:
//                    add                    a node, if it can `network`
//                    links                  {delay, loss}: ms, and per cent
//                    pace                   `slow`, `lesson` or `fast`
//   block(hash)    if it can `blocks`: a promise of the block with this hash,
//                  and its `bytes` as digits
//   older(from, count)
//                  if it can `older`: reports blocks from far back in the chain
//   watch(isOn)    if it can `watch`: starts or stops reporting messages. A source
//                  that cannot reports all messages that it knows at once
//   audience()     if it can `audience`: a promise of {url, code}, the address for
//                  others and the rows of its QR code, `1` for dark; or null
//
//   now()          if it has its own time: the current moment; without it the page
//                  uses this machine's clock
//   clock          if it can `clock`: its clock, see clock.js
//   way            if messages take time even without an added delay: {least, most}
//                  of that time, in milliseconds
//   mining         if it has a faster one: the address of a worker that mines a
//                  block, as worker.js does
//
// A change has `type`, `at` (Unix milliseconds) and mostly `id`, the node's. Nodes
// know each other by `address`, which may be the id.
//
//   node      {id, name, address, miner?, zeroBits?}    this node exists; `at` is 0
//   up, down  {id}                                      it answers, or no longer does
//   status    {id, tip, height, paused, counter, isFirst?}
//   refused   {id, refused}                             all addresses that it refuses
//   network   {links?: {delay, loss}, pace?: {nonces, listen}}     the settings now:
//                                                       ms, per cent, tries, ms
//   block     {block: {hash, height, previous, timestamp, miner, work?, bytes?}}
//                                                       `at` is 0 if the time is
//                                                       not known
//   message   {id, from, kind, length, delay, isLost, count}
//                                                       a datagram, sent at `at` by
//                                                       the address `from` to the
//                                                       node `id`, which gets it
//                                                       `delay` ms later unless it is
//                                                       lost; kind is `chain`,
//                                                       `blocks`, `question` or
//                                                       `other`; it stands for
//                                                       `count` datagrams. It may be
//                                                       reported when it is sent
//   failed    {what}                                    a check of a simulation
//                                                       failed, which ends it
//   event     {id, event}                               as in GET /events:
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
//                                                       detail}; others are ignored
//
// Changes of other types are ignored. `toEvent` in recording.js turns the nodes' events
// and messages in JSON into changes.
//
// net.js is the live network, recorded.js a recording; home.js names the default source.

import { Home } from './home.js';
import { Recorded } from './recorded.js';

/** The source that the page's address names: a recording, or else the default source. */
export function sourceOf(address) {
  return address.recording ? Recorded.at(address.recording) : new Home();
}
