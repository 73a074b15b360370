#!/usr/bin/env node
import { existsSync } from 'node:fs'
import process from 'node:process'

// The checkout has the source, the package only what is compiled.
const isCheckout = existsSync(new URL('main.ts', import.meta.url))
try {
  if (isCheckout) (await import('tsx/esm/api')).register()
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  process.stderr.write(
    'Cannot start hostwright: the packages that it needs are not installed\n  hint: Run npm ci\n',
  )
  process.exit(1)
}
const { main } = await import(isCheckout ? './main.ts' : '../../dist/lib/cli/main.js')
process.exitCode = await main(process.argv.slice(2))
