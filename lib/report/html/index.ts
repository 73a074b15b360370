export { driftHtml } from './drift-html.js'
export { htmlReporter } from './html-reporter.js'
