// The places of blocks and pills. Pure: a model in, places out.
//
// Time goes to the right, with a column for each height, counted from the genesis
// block: so nothing moves sideways when the chain grows. The model gives the rows.

import { byTip, nodesOf, standing } from './groups.js';

/** Sizes in the drawing's units, which are pixels. */
export const SIZE = { column: 106, row: 92, block: { width: 76, height: 50 }, pill: { wide: 130, narrow: 84, height: 24, gap: 4 }, margin: 20 };

/** More nodes than this at one tip share a pill, which can be opened. */
export const CROWD = 6;

/** The number of pills in a column: a fourth would overlap the next row. */
const PILLS_HIGH = 3;

/** The middle of a height's column. */
export const columnAt = (height) => SIZE.margin + height * SIZE.column + SIZE.block.width / 2;

/** The height whose column is at `x`, which may be left of the first. */
export const heightAt = (x) => Math.floor((x - SIZE.margin) / SIZE.column);

/**
 * The places of everything between two heights: `blocks` {hash, block, x, y, nodes},
 * `links` {hash, from, to, nodes}, `pills` {id, nodes, hash, x, y, width, isTip}, and
 * `width`, `height` of the whole drawing. `view` has the heights `from` and `to`, the
 * width of a pill as `pillWidth`, and as `crowd` the greatest number of nodes at one
 * tip that have a pill each.
 */
export function layOut(model, blocks, view) {
  const { from = 0, to = Infinity, pillWidth = SIZE.pill.wide, crowd = CROWD } = view ?? {};
  const top = Math.max(0, model.top);
  const on = standing(model, blocks, from);
  const everyone = nodesOf(model).filter((node) => node.up);
  const placed = [];
  for (let height = Math.max(0, from); height <= Math.min(to, top); height += 1) {
    const shown = blocks.at(height).filter((block) => model.seen.has(block.hash) || block.settled);
    for (const block of shown) {
      // All nodes agree on a settled block.
      const nodes = on.get(block.hash) ?? (block.settled ? everyone : []);
      const row = model.rows.get(block.hash) ?? 0;
      placed.push({ hash: block.hash, block, nodes, row, x: columnAt(height), y: SIZE.margin + 30 + row * SIZE.row });
    }
  }
  placed.sort((a, b) => a.x - b.x || a.y - b.y);
  const byHash = new Map(placed.map((block) => [block.hash, block]));
  const links = placed
    .filter(({ block }) => byHash.has(blocks.before(block)?.hash))
    .map(({ hash, block, nodes }) => ({ hash, nodes, from: block.previous, to: hash }));
  const pills = placePills(model, byHash, { pillWidth, crowd });
  const edge = Math.max(columnAt(top) + SIZE.block.width / 2, ...pills.map(({ x, width }) => x + width));
  const deepest = Math.max(0, ...placed.map(({ y }) => y + SIZE.block.height / 2), ...pills.map(({ y }) => y + SIZE.pill.height / 2));
  return { blocks: placed, links, pills, width: edge + SIZE.margin, height: deepest + SIZE.margin };
}

/** Nodes with the same tip share a pill if there are many of them or there is little room. */
function placePills(model, byHash, view) {
  const groups = [...byTip(nodesOf(model))].filter(([tip]) => byHash.has(tip));
  const rows = new Set([...byHash.values()].map(({ row, block }) => `${row} ${block.height}`));
  const pills = groups.flatMap(([hash, nodes]) => {
    const block = byHash.get(hash);
    // The room to the right of this block belongs to the chain's next blocks.
    const isTip = [1, 2, 3].every((step) => !rows.has(`${block.row} ${block.block.height + step}`));
    return isTip ? pillsBeside(block, nodes, view) : [pillBelow(block, nodes)];
  });
  return pills.sort((a, b) => a.id.localeCompare(b.id));
}

/** The pills to the right of a tip. */
function pillsBeside({ hash, x, y }, nodes, { pillWidth: width, crowd }) {
  const left = x + SIZE.block.width / 2 + 14;
  if (nodes.length > crowd) return [{ id: `crowd ${hash}`, hash, nodes, x: left, y, width, isTip: true }];
  const step = SIZE.pill.height + SIZE.pill.gap;
  const tall = Math.min(nodes.length, PILLS_HIGH);
  return nodes.map((node, index) => ({
    id: `node ${node.id}`,
    hash,
    nodes: [node],
    x: left + Math.floor(index / PILLS_HIGH) * (width + 6),
    y: y + ((index % PILLS_HIGH) - (tall - 1) / 2) * step,
    width,
    isTip: true,
  }));
}

/** The one pill below a block that others follow: there is room for no more. */
function pillBelow({ hash, x, y }, nodes) {
  const width = SIZE.pill.narrow;
  const id = nodes.length > 1 ? `crowd ${hash}` : `node ${nodes[0].id}`;
  return { id, hash, nodes, x: x - width / 2, y: y + SIZE.block.height / 2 + 16, width, isTip: false };
}
