#!/usr/bin/env node
// `npm create hostwright FOLDER` is `hostwright init FOLDER`. This is a package of its own, because npm
// looks for one of this name; it is published together with hostwright, in the same version.
import { createRequire } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const manifest = require.resolve('hostwright/package.json')
const { bin } = require(manifest)
process.argv.splice(2, 0, 'init')
await import(new URL(bin.hostwright, pathToFileURL(manifest)).href)
