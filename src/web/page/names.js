// Names as they are shown. They come from anybody.

/** No node's name is shown with more characters. */
const MOST = 24;

/** Characters that nobody sees, and that turn round what stands beside them. */
const UNSEEN = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A name in at most so many characters. */
export const shorten = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

/** What a node or a miner that calls itself so is called on the page. */
export const shownName = (name) => shorten(name.replace(UNSEEN, ''), MOST) || '?';
