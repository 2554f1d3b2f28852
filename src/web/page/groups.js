// Nodes in order and in groups: which nodes hear each other, and which have a block in
// their chain. Pure.

import { chainFrom } from './blocks.js';

const byNumber = new Intl.Collator('en', { numeric: true });

/** Sorts names as people do: 900 before 7000. */
export const compareNames = (a, b) => byNumber.compare(a, b);

/** All nodes, by name. */
export function nodesOf(model) {
  return [...model.nodes.values()].sort((a, b) => compareNames(a.name, b.name) || a.id.localeCompare(b.id));
}

/** The miners of all nodes, in the order that gives each its shape. */
export function minersOf(model) {
  return nodesOf(model).map((node) => node.miner);
}

/** Whether two nodes talk: neither refuses the other. */
export function areConnected(a, b) {
  return !a.refused.has(b.address) && !b.refused.has(a.address);
}

/** Whether news travels from one node to the other, directly or through others. */
export function areOneSide(model, from, to) {
  const rest = new Set(model.nodes.values());
  rest.delete(from);
  const reached = [from];
  for (const member of reached) {
    if (member === to || areConnected(member, to)) return true;
    for (const other of rest) {
      if (areConnected(member, other) && rest.delete(other)) reached.push(other);
    }
  }
  return false;
}

/** The sides of a split: groups of nodes that hear each other, lowest name first. */
export function sidesOf(model) {
  const rest = nodesOf(model);
  const sides = [];
  while (rest.length > 0) {
    const side = [rest.shift()];
    for (const member of side) {
      for (let index = 0; index < rest.length;) {
        if (areConnected(member, rest[index])) side.push(...rest.splice(index, 1));
        else index += 1;
      }
    }
    sides.push(side.sort((a, b) => compareNames(a.name, b.name)));
  }
  return sides;
}

/** The nodes whose chain contains each block: hash -> nodes. A node that is gone does not count. */
export function standing(model, blocks, lowest = 0) {
  const nodes = nodesOf(model);
  const up = nodes.filter((node) => node.up);
  const on = new Map();
  // If all nodes are gone, none has abandoned a block: their last tips count.
  for (const [tip, group] of byTip(up.length > 0 ? up : nodes)) {
    for (const { hash } of chainFrom(tip, blocks, lowest)) on.set(hash, [...(on.get(hash) ?? []), ...group]);
  }
  return on;
}

/** Nodes by their tip: tip -> nodes. */
export function byTip(nodes) {
  const groups = new Map();
  for (const node of nodes) groups.set(node.tip, [...(groups.get(node.tip) ?? []), node]);
  return groups;
}
