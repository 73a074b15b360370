import { quote } from '../../core/quote.js'
import { clientLookup } from './client.js'
import { sqlName, sqlText } from './sql.js'
import { seedingMark, userDatabasesSql } from './user-databases.js'

/** Exit status: another copy holds the lock. */
export const alreadySeeding = 75
/** Exit status: databases have appeared that are not to be thrown away. */
export const holdsData = 76

export interface SeedScript {
  /** Replication connections of this server, which end. */
  readonly connections: readonly string[]
  /** The account that reads the source. */
  readonly user: string
  readonly replace: boolean
}

/**
 * The script that fills this server from another. On standard input it takes an option file for the
 * client, with address and password: they reach the programs through pipes only.
 *
 * The order makes it safe to break off anywhere: the mark first, the mark's end last, and nothing in
 * the binary log in between.
 */
export function seedScript({ connections, user, replace }: SeedScript): string {
  return `
${clientLookup} && dump=$(command -v mariadb-dump || command -v mysqldump) || exit 1
exec 8>/run/hostwright-mariadb-seed.lock && flock -n 8 || exit ${alreadySeeding}
options=$(cat)
here() { "$client" --batch --skip-column-names --raw --max-allowed-packet=1G --default-character-set=utf8mb4 --init-command='SET SESSION sql_log_bin=0'; }
there() { program=$1; shift; printf '%s\\n' "$options" | "$program" --defaults-extra-file=/dev/stdin "$@"; }
# Both ends of the pipe have to end well.
load() { [ "$({ { "$@" && printf 1 >&3; } | here >/dev/null && printf 2; } 3>&1)" = 12 ]; }

${replace ? '' : `[ "$(printf %s ${quote(mayBeginSql)} | here)" = 1 ] || exit ${holdsData}`}
printf %s ${quote(beginSql(connections))} | here || exit 1
echo 'copying the databases'
load there "$dump" --single-transaction --master-data=1 --gtid --routines --triggers --events --hex-blob --max-allowed-packet=1G --all-databases --ignore-database=mysql --ignore-database=sys || exit 1
echo 'copying the accounts'
load there "$dump" --system=users --insert-ignore || exit 1
id=$(echo 'SELECT @@server_id;' | here) || exit 1
load there "$client" --batch --skip-column-names --raw --execute="SET @replica = $id; "${quote(eventsSql)} || exit 1
position=$(echo 'SELECT @@GLOBAL.gtid_slave_pos;' | here) || exit 1
printf ${quote(endSql(user).replaceAll('%', '%%').replace(positionMark, '%s'))} "$position" | here
`
}

/** 1 where nothing is here, or only the rest of a copy that was broken off. */
const mayBeginSql = `SELECT COUNT(*) = 0 OR COALESCE(SUM(name = ${sqlText(seedingMark)}), 0) > 0 FROM (${userDatabasesSql}) AS present;`

function beginSql(connections: readonly string[]): string {
  return [
    `CREATE DATABASE IF NOT EXISTS ${sqlName(seedingMark)};`,
    'SET GLOBAL read_only = 1;',
    'STOP ALL SLAVES;',
    ...connections.map((name) => `RESET SLAVE ${sqlText(name)} ALL;`),
    'SET SESSION foreign_key_checks = 0;',
    'DELIMITER //',
    'BEGIN NOT ATOMIC',
    `  FOR old IN (${userDatabasesSql}) DO`,
    `    IF old.name <> ${sqlText(seedingMark)} THEN`,
    "      EXECUTE IMMEDIATE CONCAT('DROP DATABASE `', REPLACE(old.name, '`', '``'), '`');",
    '    END IF;',
    '  END FOR;',
    'END //',
    'DELIMITER ;',
    'RESET MASTER;',
    "SET GLOBAL gtid_slave_pos = '';",
  ].join('\n')
}

const positionMark = '@position@'

function endSql(user: string): string {
  return [
    // The copy has named a source without an address.
    'RESET SLAVE ALL;',
    'RESET MASTER;',
    `SET GLOBAL gtid_binlog_state = '${positionMark}';`,
    `DROP USER IF EXISTS ${sqlText(user)}@'%';`,
    'SET GLOBAL read_only = 0;',
    `DROP DATABASE IF EXISTS ${seedingMark};`,
  ].join('\n')
}

/** Asked of the source: what has to be said here so that each event runs on one node. */
const eventsSql = [
  'SELECT CONCAT(',
  "'ALTER DEFINER = ', CHAR(96), REPLACE(DEFINER, '@', CONCAT(CHAR(96), '@', CHAR(96))), CHAR(96),",
  "' EVENT ', CHAR(96), REPLACE(EVENT_SCHEMA, CHAR(96), REPEAT(CHAR(96), 2)), CHAR(96),",
  "'.', CHAR(96), REPLACE(EVENT_NAME, CHAR(96), REPEAT(CHAR(96), 2)), CHAR(96),",
  "IF(STATUS = 'ENABLED', ' DISABLE ON SLAVE;', ' ENABLE;'))",
  'FROM information_schema.EVENTS',
  "WHERE STATUS = 'ENABLED' OR (STATUS = 'SLAVESIDE_DISABLED' AND ORIGINATOR = @replica)",
].join(' ')
