// Lists of changes in the order of their times.

/**
 * Whether a change belongs behind another. What two nodes tell of one moment has the
 * same order for everybody, in whatever order it arrives.
 */
function isLater(change, { at, id }) {
  return change.at > at || (change.at === at && change.id > id);
}

/** Puts a change in its place; returns the index of that. Most come last. */
export function insert(changes, change) {
  let index = changes.length;
  while (index > 0 && isLater(changes[index - 1], change)) index -= 1;
  changes.splice(index, 0, change);
  return index;
}

/** How many changes happened until `at`. */
export function countUpTo(changes, at) {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (changes[middle].at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
