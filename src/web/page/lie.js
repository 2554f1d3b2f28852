// Hands a node blocks, valid or not, as if another node had sent them.

import { nodesOf } from './groups.js';
import { announcement } from './wire.js';

/**
 * Gives a node blocks, the first of which is at `height`; returns a promise of its
 * verdict. `before` is the block below them, so that the node recognises a wrong link,
 * or null. `from` is their sender's address. A node only looks at chains that claim to
 * be longer than its own, so for a lie `isLonger` is true.
 */
export function tell(source, node, { from, before, blocks, height, isLonger }) {
  const all = before ? [before, ...blocks] : blocks;
  const first = before ? height - 1 : height;
  const count = isLonger ? Math.max(node.height + 2, first + all.length) : first + all.length;
  return source.command(node.id, 'hear', { from, bytes: announcement({ blocks: all, height: first, count }) });
}

/** The address of another node that could have sent something to this one. */
export function senderFor(node, model) {
  const others = nodesOf(model).filter((other) => other !== node);
  return (others.find((other) => other.up && !node.refused.has(other.address)) ?? others[0])?.address;
}

/** A node's verdict in words: {isGood, words}. */
export function tellVerdict(name, { outcome, detail }) {
  if (outcome === 'copied') return { isGood: true, words: `✓ ${name} took it over: it is valid and longer than its own chain.` };
  if (outcome === 'nothing') return { isGood: true, words: `${name} does not react to it.` };
  return { isGood: false, words: `✗ ${name} refuses it: ${detail}` };
}
