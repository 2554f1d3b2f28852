// The page's commands in the simulator's words (wasm/src/orders.rs), and the changes at
// which a step stops.

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

/** Changes at which a step does not stop: a node's routine, and consequences of other changes. */
const ROUTINE = new Set(['tried', 'rested', 'block', 'status', 'node', 'refused']);

/** Whether a step stops at this change. */
export function isWorthALook({ type, event }) {
  return !ROUTINE.has(event?.event ?? type) && !isSmall({ kind: event?.event, ...event });
}
