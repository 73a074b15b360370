import type { DriftRecord } from '../../drift/types.js'
import { driftPage } from './drift-page.js'
import { pageHtml } from './page-html.js'

/**
 * The drift report: one self-contained HTML page of the state of every host, each finding with its
 * diff, and how drift went over the checks.
 *
 * @param records the history of one playbook, in any order; the newest is the current state
 * @example
 * driftHtml(records).startsWith('<!doctype html>') // true
 */
export function driftHtml(records: readonly DriftRecord[]): string {
  return pageHtml(driftPage(records))
}
