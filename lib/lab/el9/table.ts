import { distribution } from './distribution.js'
import { mariadb } from './mariadb.js'
import { python } from './python.js'
import { services } from './services.js'
import type { Rpm } from './types.js'
import { web } from './web.js'

/** All packages that the repositories have under EL9's names. */
export const rpms: readonly Rpm[] = [...distribution, ...services, ...mariadb, ...web, ...python]
