// The default source, for a page whose address names no other. The site, which has no
// nodes behind it, replaces this file.

export { Network as Home } from './net.js';
