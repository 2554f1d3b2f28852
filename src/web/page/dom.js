// Small helpers that make elements. They set text as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element with attributes, listeners (`on`) and children. */
export function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** The element with this id, which must exist. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/** Sets text only if it changes, so that screen readers do not repeat it. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A miner's mark as a separate small picture. */
export function markIcon(mark, size = 14) {
  const path = svg('path', { d: mark.path, class: `mark colour-${mark.colour}`, 'fill-rule': 'evenodd' });
  return svg('svg', { viewBox: '-1.25 -1.25 2.5 2.5', width: size, height: size, class: 'icon', 'aria-hidden': 'true' }, path);
}

/** The first digits of a hash; its leading zeros are the proof of work. */
export function short(hash) {
  return hash ? `${hash.slice(0, 8)}…` : '';
}

/** 12:34:56 */
export function clock(ms) {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** Whether the reader prefers no movement. */
export function isCalm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
