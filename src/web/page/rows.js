// The row of the tree in which a block is drawn. A block never changes its row, so
// branches stay in place during a split and after it.

/**
 * The row for a new block: its parent's if that is free at its height, else the nearest
 * free one. `rows` has the rows given so far.
 */
export function rowOf(block, blocks, rows) {
  const taken = (height) => blocks.at(height).map(({ hash }) => rows.get(hash)).filter((row) => row !== undefined);
  const parent = rows.get(block.previous);
  if (parent !== undefined && !taken(block.height).includes(parent)) return parent;
  // The columns beside it must be free too: the link comes from the left, pills are to the right.
  const near = new Set([-1, 0, 1].flatMap((step) => taken(block.height + step)));
  const wanted = parent ?? 0;
  for (let distance = 0; ; distance += 1) {
    for (const row of [wanted - distance, wanted + distance]) {
      if (row >= 0 && !near.has(row)) return row;
    }
  }
}
