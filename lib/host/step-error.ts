import { HostwrightError } from '../core/errors.js'
import type { Resource, Step } from '../resources/types.js'
import type { SectionResult } from './batch.js'

/** What a step's end says: what the step knows of its exit status, or its last words. */
export function stepError(
  resource: Resource<unknown>,
  step: Step,
  result: SectionResult | undefined,
): HostwrightError {
  const exitCode = result?.exitCode
  const stderr = result?.stderr.toString().trim() ?? ''
  const known = exitCode === undefined ? undefined : step.errors?.[exitCode]
  if (known)
    return new HostwrightError(known.code, known.message, { exitCode, stderr, hint: known.hint })
  const last =
    stderr.split('\n').at(-1) || result?.stdout.toString().trim().split('\n').at(-1) || 'no message'
  return new HostwrightError(
    'TASK_FAILED',
    `Cannot apply ${resource.task}: ${exitCode === undefined ? 'it did not run' : `exit status ${exitCode}`}: ${last}`,
    { exitCode, stderr },
  )
}
