// The part of the tree that is in sight. The chain may be very long, so only this part
// is drawn, in a drawing that moves inside a box that scrolls.

import { SIZE, columnAt, heightAt } from './layout.js';

/** Columns that are drawn beyond each edge, so that a scroll shows blocks at once. */
const BEYOND = 8;

/** The drawing begins at a multiple of this height, so that it does not change with every pixel. */
const ROUND = 10;

/** The page's own scrolls end within this many pixels of their target. */
const NEAR_PIXELS = 2;

/** The font size for which the drawing is designed. */
const LETTERS_PIXELS = 15;

/** Eight blocks of a chain with one branch: the part that should be in sight before zooming. */
const USUAL = { width: 850, height: 190 };

/** The tree's share of the window's height, and the greatest zoom to fill it. */
const SHARE = 0.3;
const MAX_ZOOM = 1.5;

/** The most columns in the space: browsers cut elements off at some twenty million pixels. */
const MOST_COLUMNS = 80_000;

/** Within this many columns of an end of the space, the space moves on. */
const NEAR_COLUMNS = 100;

/** The greatest share of the window's height for the box, as a chain may have many branches. */
const MOST_SHARE = 0.6;

/** Room for the scroll bar. */
const SCROLLBAR_PIXELS = 16;

/** A box that scrolls: `box` contains `space`, as wide as the chain or a great part of it, which contains the drawing. */
export class Window {
  constructor(box, space, drawing) {
    Object.assign(this, { box, space, drawing });
    /** Whether the newest block stays in sight when the chain grows. */
    this.follows = true;
    this.scale = 1;
    /** The first height of the space, and whether the space ends before the chain. */
    this.base = 0;
    this.isCut = false;
  }

  /** The place in the drawing of the whole chain where the space begins. */
  get start() {
    return this.base * SIZE.column;
  }

  /** Moves the space, if needed, so that it has this height and enough on both sides of it. */
  reach(height) {
    const isIn = (this.base === 0 || height > this.base + NEAR_COLUMNS) && height < this.base + MOST_COLUMNS - NEAR_COLUMNS;
    if (isIn) return;
    this.base = Math.max(0, height - MOST_COLUMNS / 2);
    // Until the chain's width is known.
    this.space.style.width = `${MOST_COLUMNS * SIZE.column * this.scale}px`;
    this.size = null;
  }

  /** The heights to draw when the highest is `top`. */
  heights(top) {
    if (this.follows) this.reach(top);
    const { scrollLeft, clientWidth } = this.box;
    const width = clientWidth / this.scale;
    const left = this.follows ? columnAt(top) - width : this.start + scrollLeft / this.scale;
    const from = Math.max(0, Math.floor((heightAt(left) - BEYOND) / ROUND) * ROUND);
    return { from, to: heightAt(left + width) + BEYOND + ROUND };
  }

  /** Makes room for a drawing of this size that begins at the height `from`; `middle` is how far down the tip of most nodes is. */
  resize(from, width, height, middle) {
    this.origin = from * SIZE.column;
    this.zoom(height);
    this.makeRoom(width, height);
    if (this.follows) this.centre(middle, height);
  }

  /** Sets the sizes, unless they are right already. */
  makeRoom(width, height) {
    const most = MOST_COLUMNS * SIZE.column;
    this.isCut = width - this.start > most;
    const wide = Math.max(Math.min(width - this.start, most), (this.box.clientWidth - 2) / this.scale);
    const size = [this.origin, this.base, wide, height, this.scale, this.box.clientWidth].join();
    if (size === this.size) return;
    this.size = size;
    const part = this.start + wide - this.origin;
    this.space.style.width = `${wide * this.scale}px`;
    this.space.style.height = `${height * this.scale}px`;
    this.drawing.style.left = `${(this.origin - this.start) * this.scale}px`;
    this.drawing.setAttribute('width', part * this.scale);
    this.drawing.setAttribute('height', height * this.scale);
    this.drawing.setAttribute('viewBox', `0 0 ${part} ${height}`);
    if (this.follows) this.scrollTo(this.box.scrollWidth);
  }

  /** The drawing grows with the page's font, and further in a large window. */
  zoom(height) {
    const letters = parseFloat(getComputedStyle(document.documentElement).fontSize) / LETTERS_PIXELS;
    const room = Math.min((innerHeight * SHARE) / USUAL.height, this.box.offsetWidth / USUAL.width) / letters;
    this.scale = letters * Math.min(MAX_ZOOM, Math.max(1, Math.floor(room * 4) / 4));
    const most = Math.max(USUAL.height * this.scale, innerHeight * MOST_SHARE);
    this.box.style.flexBasis = `${Math.min(most, Math.max(height, USUAL.height) * this.scale) + SCROLLBAR_PIXELS}px`;
  }

  /** Scrolls down to this place, unless somebody has scrolled elsewhere since. */
  centre(down, height) {
    const aim = [down, height, this.scale].join();
    if (aim !== this.centred) this.lookAt(down);
    this.centred = aim;
  }

  lookAt(down) {
    this.box.scrollTop = down * this.scale - this.box.clientHeight / 2;
  }

  /** Scrolls down to this place if it is out of sight. */
  reveal(down) {
    const { scrollTop, clientHeight } = this.box;
    if (down * this.scale < scrollTop || down * this.scale > scrollTop + clientHeight) this.lookAt(down);
  }

  scrollTo(left) {
    this.box.scrollLeft = left;
    this.aimed = this.box.scrollLeft;
  }

  /** Puts a height in the middle, and stays there unless it is at the tip. */
  show(height) {
    this.reach(height);
    this.scrollTo((columnAt(height) - this.start) * this.scale - this.box.clientWidth / 2);
    this.follows = this.isAtEnd();
  }

  isAtEnd() {
    const { scrollLeft, scrollWidth, clientWidth } = this.box;
    return !this.isCut && scrollLeft + clientWidth >= scrollWidth - SIZE.column * this.scale;
  }

  /** Back to the newest block. */
  toTip() {
    this.follows = true;
    this.scrollTo(this.box.scrollWidth);
  }

  /** Notes a scroll: after somebody scrolls back to older blocks, the page stays there. */
  noteScroll() {
    if (Math.abs(this.box.scrollLeft - this.aimed) < NEAR_PIXELS) return;
    this.aimed = null;
    this.follows = this.isAtEnd();
    this.goOn();
  }

  /** Moves the space on if the view is near an end of it that is not an end of the chain. */
  goOn() {
    const { start, scale, box } = this;
    const { scrollLeft, clientWidth } = box;
    this.reach(heightAt(start + (scrollLeft + clientWidth / 2) / scale));
    if (this.start !== start) this.scrollTo(scrollLeft + (start - this.start) * scale);
  }
}
