import { mariadbVolatile } from '../probes/mariadb.js'
import { sqlText } from './sql.js'

/**
 * A database of this name stands while another server's data is being loaded. It is made outside the
 * binary log before anything is touched and dropped when replication is ready: a node that has it
 * holds half a copy, whatever else it holds.
 */
export const seedingMark = 'hostwright_seeding'

/** The databases that MariaDB brings along. */
const own = ['information_schema', 'mysql', 'performance_schema', 'sys']

/**
 * SQL that lists the names of all databases but the server's own. On Enterprise Linux a new server
 * has a database `test` with nothing in it, which is no data either.
 */
export const userDatabasesSql = `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (${own.map(sqlText).join(', ')}) AND (SCHEMA_NAME <> 'test' OR EXISTS (SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'test')) ORDER BY SCHEMA_NAME`

export const userDatabases = mariadbVolatile(userDatabasesSql)
