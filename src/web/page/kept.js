// Texts that the browser stores for the page, if it allows that: in a frame on another
// site it may refuse all access. `storage` is `localStorage` or `sessionStorage`.

/** The text stored under this name, or null. */
export function recall(storage, name) {
  try {
    return globalThis[storage].getItem(name);
  } catch {
    return null;
  }
}

/** Stores a text under this name. */
export function keep(storage, name, text) {
  try {
    globalThis[storage].setItem(name, text);
  } catch {
    // Then the text lasts only while the page is open.
  }
}
