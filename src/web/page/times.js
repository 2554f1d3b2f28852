// Lists of changes in order of time.

/**
 * Whether a change belongs after another. Changes of the same time are ordered by node,
 * so every page has the same order, however they arrive.
 */
function isLater(change, { at, id }) {
  return change.at > at || (change.at === at && change.id > id);
}

/** Inserts a change in its place; returns its index. Most changes go to the end. */
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
