// Where each block and each pill goes. Pure: a model in, places out.
//
// Time goes to the right, a column for each height. The longest chain runs
// straight along row 0; what forks off goes to the nearest free row below.

import { chainFrom, weightOf } from './blocks.js';
import { nodesOf, standing } from './model.js';

/** How many heights are drawn. */
export const HEIGHTS = 40;

/** Sizes in the drawing's units, which are pixels. */
export const SIZE = { column: 106, row: 92, block: { width: 76, height: 50 }, pill: { wide: 130, narrow: 84, height: 24, gap: 4 }, margin: 20 };

/**
 * Places of all that is drawn: `blocks` {hash, block, x, y, nodes}, `links`
 * {hash, from, to, nodes}, `pills` {id, node, x, y, hash}, and `width`, `height`.
 * `pillWidth` is what a pill's words need.
 */
export function layOut(model, blocks, pillWidth = SIZE.pill.wide) {
  const seen = [...model.seen.keys()].map((hash) => blocks.get(hash)).filter(Boolean);
  const top = seen.reduce((highest, block) => Math.max(highest, block.height), 0);
  const lowest = Math.max(0, top - HEIGHTS + 1);
  const shown = seen.filter((block) => block.height >= lowest);
  const on = standing(model, blocks, lowest);
  const rows = giveRows(shown, model, blocks, on, lowest);
  const place = ({ hash, height }) => ({
    x: SIZE.margin + (height - lowest) * SIZE.column + SIZE.block.width / 2,
    y: SIZE.margin + 30 + rows.get(hash) * SIZE.row,
  });
  const placed = shown
    .map((block) => ({ hash: block.hash, block, nodes: on.get(block.hash) ?? [], ...place(block) }))
    .sort((a, b) => a.x - b.x || a.y - b.y);
  const links = placed
    .filter(({ block }) => rows.has(block.previous))
    .map(({ hash, block, nodes }) => ({ hash, nodes, from: block.previous, to: hash }));
  const pills = placePills(model, placed, pillWidth);
  const columns = Math.max(1, ...pills.map((pill) => pill.column + 1));
  const deepest = Math.max(0, ...placed.map(({ y }) => y), ...pills.map(({ y }) => y));
  return {
    blocks: placed, links, pills,
    width: SIZE.margin * 2 + (top - lowest) * SIZE.column + SIZE.block.width + columns * (pillWidth + 6) + 14,
    height: deepest + SIZE.block.height / 2 + SIZE.margin,
  };
}

/** Tips from the best on: the longest, then the one that was seen first. */
function tipsOf(shown, model) {
  const parents = new Set(shown.map((block) => block.previous));
  const first = (block) => model.seen.get(block.hash);
  return shown
    .filter((block) => !parents.has(block.hash))
    .sort((a, b) => weightOf(b) - weightOf(a) || first(a) - first(b) || a.hash.localeCompare(b.hash));
}

/** A row for each block: each branch takes the nearest one that is free all along it. */
function giveRows(shown, model, blocks, on, lowest) {
  const rows = new Map();
  const taken = [];
  const live = (block) => (on.has(block.hash) ? 0 : 1);
  const tips = tipsOf(shown, model);
  // The main chain first, then what somebody stands on, then what was abandoned.
  const order = [...tips.slice(0, 1), ...tips.slice(1).sort((a, b) => live(a) - live(b))];
  for (const tip of order) {
    const branch = [];
    for (const block of chainFrom(tip.hash, blocks, lowest)) {
      if (rows.has(block.hash)) break;
      branch.push(block);
    }
    if (branch.length === 0) continue;
    const [from, to] = [branch.at(-1).height, tip.height];
    // A pill hangs to the right of a tip, so the next column is taken as well.
    const isFree = (row) => !taken.some((other) => other.row === row && other.from <= to + 1 && from <= other.to + 1);
    let row = 0;
    while (!isFree(row)) row += 1;
    taken.push({ row, from, to });
    for (const block of branch) rows.set(block.hash, row);
  }
  return rows;
}

/** Pills hang to the right of a tip; where the chain goes on there, below the block. */
function placePills(model, blocks, width) {
  const byHash = new Map(blocks.map((block) => [block.hash, block]));
  const parents = new Set(blocks.map(({ block }) => block.previous));
  const crowd = new Map();
  const pills = [];
  for (const node of nodesOf(model)) {
    const block = byHash.get(node.tip);
    if (!block) continue;
    const crowded = crowd.get(block.hash) ?? [];
    crowded.push({ id: node.id, node, hash: block.hash });
    crowd.set(block.hash, crowded);
  }
  const step = SIZE.pill.height + SIZE.pill.gap;
  for (const [hash, crowded] of crowd) {
    const { x, y } = byHash.get(hash);
    const isTip = !parents.has(hash);
    // More than three would run into the next row: they stand side by side.
    const tall = Math.min(crowded.length, 3);
    crowded.forEach((pill, index) => {
      const [column, line] = [Math.floor(index / 3), index % 3];
      const place = isTip
        ? { x: x + SIZE.block.width / 2 + 14 + column * (width + 6), y: y + (line - (tall - 1) / 2) * step }
        : { x: x - width / 2 + column * (width + 6), y: y + SIZE.block.height / 2 + 16 + line * step };
      pills.push({ ...pill, ...place, column, isTip });
    });
  }
  return pills.sort((a, b) => a.id.localeCompare(b.id));
}
