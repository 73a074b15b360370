#!/usr/bin/env node
import process from 'node:process'

try {
  const { register } = await import('tsx/esm/api')
  register()
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  process.stderr.write(
    'Cannot start hostwright: the packages that it needs are not installed\n  hint: Run npm ci\n',
  )
  process.exit(1)
}
const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
