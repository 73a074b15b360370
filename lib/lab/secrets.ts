import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { secret, type Secret } from '../core/secret.js'
import { labFolder } from './places.js'

/**
 * A password of the lab's own: made at random when first asked for, the same from then on, gone with
 * the lab. So an inventory of a lab needs no vault, and no password stands in a repository.
 */
export function labSecret(lab: string, name: string): Secret {
  const file = labFolder(lab, 'secrets', encodeURIComponent(name))
  if (!existsSync(file)) {
    mkdirSync(labFolder(lab, 'secrets'), { recursive: true, mode: 0o700 })
    const temporary = `${file}.${process.pid}`
    writeFileSync(temporary, randomBytes(18).toString('base64url'), { mode: 0o600, flush: true })
    renameSync(temporary, file)
  }
  return secret(readFileSync(file, 'utf8'))
}
