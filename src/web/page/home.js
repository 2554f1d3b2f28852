// Where changes come from if the page's address names nothing else. A site of this page
// without nodes behind it has another file in this one's place.

export { Network as Home } from './net.js';
