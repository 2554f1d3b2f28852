// In which row of the tree a block is drawn. It keeps its row for good, whatever
// becomes of it: branches stay where they are from a split to its end and after.

/**
 * The row for a block that was just seen: its parent's if it is the first there,
 * else the nearest one that is free beside it. `rows` has the rows given so far.
 */
export function rowOf(block, blocks, rows) {
  const taken = (height) => blocks.at(height).map(({ hash }) => rows.get(hash)).filter((row) => row !== undefined);
  const parent = rows.get(block.previous);
  if (parent !== undefined && !taken(block.height).includes(parent)) return parent;
  // The columns beside it as well: a line comes from the left, pills hang to the right.
  const near = new Set([-1, 0, 1].flatMap((step) => taken(block.height + step)));
  const wanted = parent ?? 0;
  for (let distance = 0; ; distance += 1) {
    for (const row of [wanted - distance, wanted + distance]) {
      if (row >= 0 && !near.has(row)) return row;
    }
  }
}
