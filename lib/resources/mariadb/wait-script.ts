import { quote } from '../../core/quote.js'
import { clientLookup } from './client.js'
import { sqlText } from './sql.js'

/**
 * Waits on the host until both threads of a connection run and it is known where in the source's log
 * they are, or one has ended with an error; at most some 15 seconds. It never fails: what has become of the connection is asked for afterwards.
 */
export function waitScript(connection: string): string {
  return `${clientLookup} || exit 1
tries=0
while [ "$tries" -lt 75 ]; do
  tries=$((tries + 1))
  status=$(printf %s ${quote(`SHOW SLAVE ${sqlText(connection)} STATUS`)} | "$client" --batch --vertical 2>/dev/null) || status=
  case $status in
    *'Relay_Master_Log_File: '[[:graph:]]*'Slave_IO_Running: Yes'*'Slave_SQL_Running: Yes'*) exit 0 ;;
    *'Slave_IO_Running: No'* | *'Slave_SQL_Running: No'* | *'Last_IO_Errno: 1045'*) [ "$tries" -gt 5 ] && exit 0 ;;
  esac
  sleep 0.2
done
exit 0`
}
