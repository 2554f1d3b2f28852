// The default source of the site: a network inside the tab. This file replaces the page's
// own home.js.

export { Tab as Home } from '../tab/tab.js';
