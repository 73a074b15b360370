/** What makes the page of a run, which few runs want; in a file of its own as import-url.ts is. */
export const loadHtmlReport = async () => await import('./html/index.js')
