// Names as the page shows them. Anybody may choose them.

/** The longest name shown. */
const MOST = 24;

/** Characters that are invisible or change the direction of the text beside them. */
const UNSEEN = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A name, cut to at most `most` characters. */
export const shorten = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

/** The name that the page shows for a node or a miner. */
export const shownName = (name) => shorten(name.replace(UNSEEN, ''), MOST) || '?';
