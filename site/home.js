// The source of this site's page: a network inside the tab. It stands in the place of the
// page's own home.js.

export { Tab as Home } from '../tab/tab.js';
