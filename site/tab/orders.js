// The page's commands as the words that the simulator knows (wasm/src/orders.rs), and which
// of the things that happen are worth a look.

import { isSmall } from '../page/model.js';

/** The words of each command. */
export const WORDS = {
  pause: (id) => `pause ${id}`,
  resume: (id) => `resume ${id}`,
  mine: (id) => `mine ${id}`,
  share: (id) => `share ${id}`,
  connect: (id, peer) => `connect ${id} ${peer}`,
  disconnect: (id, peer) => `disconnect ${id} ${peer}`,
  stop: (id) => `stop ${id}`,
  start: (id) => `start ${id}`,
  crash: (id) => `crash ${id}`,
  add: () => 'add',
  speed: (id, times) => `speed ${id} ${times}`,
  liar: (id, isThere) => `liar ${isThere ? 'on' : 'off'}`,
  links: (id, { delay, loss }) => `links ${Math.round(delay)} ${Math.round(loss)}`,
};

/** What a step does not go on to: what a node does each second, and what follows from other things. */
const ROUTINE = new Set(['tried', 'rested', 'block', 'status', 'node', 'refused']);

/** Whether a step goes on to this change. */
export function isWorthALook({ type, event }) {
  return !ROUTINE.has(event?.event ?? type) && !isSmall({ kind: event?.event, ...event });
}
