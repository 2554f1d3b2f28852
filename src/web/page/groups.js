// Nodes in their order and in groups: who hears whom, and who stands where. Pure.

import { chainFrom } from './blocks.js';

const byNumber = new Intl.Collator('en', { numeric: true });

/** Sorts names as people do: 900 before 7000. */
export const compareNames = (a, b) => byNumber.compare(a, b);

/** All nodes, by name. */
export function nodesOf(model) {
  return [...model.nodes.values()].sort((a, b) => compareNames(a.name, b.name) || a.id.localeCompare(b.id));
}

/** The miners of all nodes in their order, which gives each its shape. */
export function minersOf(model) {
  return nodesOf(model).map((node) => node.miner);
}

/** Whether two nodes talk: neither refuses the other. */
export function areConnected(a, b) {
  return !a.refused.has(b.address) && !b.refused.has(a.address);
}

/** Whether news travels from one node to the other, perhaps by way of others. */
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

/** Who stands on each block: hash -> nodes whose chain has it. A node that is gone stands nowhere. */
export function standing(model, blocks, lowest = 0) {
  const nodes = nodesOf(model);
  const up = nodes.filter((node) => node.up);
  const on = new Map();
  // Where all are gone nobody has abandoned anything: what they last stood on counts.
  for (const [tip, group] of byTip(up.length > 0 ? up : nodes)) {
    for (const { hash } of chainFrom(tip, blocks, lowest)) on.set(hash, [...(on.get(hash) ?? []), ...group]);
  }
  return on;
}

/** Nodes by the block that they stand on: tip -> nodes. */
export function byTip(nodes) {
  const groups = new Map();
  for (const node of nodes) groups.set(node.tip, [...(groups.get(node.tip) ?? []), node]);
  return groups;
}
