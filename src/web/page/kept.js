// What a browser keeps for a page, where it lets the page keep anything: in a frame of
// another site it may refuse even to be asked. `storage` is `localStorage` or
// `sessionStorage`.

/** What was kept under this name, or null. */
export function recall(storage, name) {
  try {
    return globalThis[storage].getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a text under this name. */
export function keep(storage, name, text) {
  try {
    globalThis[storage].setItem(name, text);
  } catch {
    // Then it holds for as long as the page is open.
  }
}
