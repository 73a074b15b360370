import { mariadbVolatile } from '../probes/mariadb.js'
import type { Row } from './result-sets.js'

/** One replication connection, as SHOW ALL SLAVES STATUS tells it. */
export interface ReplicaStatus {
  /** Its name; empty for the default connection. */
  readonly connection: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly mode: 'gtid' | 'position'
  readonly connectRetry: number
  readonly tls: boolean
  readonly tlsCa: string
  readonly tlsVerify: boolean
  readonly ioRunning: string
  readonly sqlRunning: string
  readonly ioError: ReplicationError | undefined
  readonly sqlError: ReplicationError | undefined
  /** Up to where the source's binary log has been applied. */
  readonly applied: Coordinates
}

export interface ReplicationError {
  /** The server's number, for example 1062. */
  readonly code: number
  readonly message: string
}

/** A place in a binary log. */
export interface Coordinates {
  readonly file: string
  readonly position: number
}

/** All of a server's connections. Older and newer servers both know this form. */
export const replicaStatusSql = 'SHOW ALL SLAVES STATUS'
export const replicaStatusQuery = mariadbVolatile(replicaStatusSql)

export function replicaStatus(row: Row): ReplicaStatus {
  const text = (column: string) => row[column] ?? ''
  return {
    connection: text('Connection_name'),
    host: text('Master_Host'),
    port: Number(text('Master_Port')),
    user: text('Master_User'),
    mode: text('Using_Gtid') === 'No' ? 'position' : 'gtid',
    connectRetry: Number(text('Connect_Retry')),
    tls: text('Master_SSL_Allowed') === 'Yes',
    tlsCa: text('Master_SSL_CA_File'),
    tlsVerify: text('Master_SSL_Verify_Server_Cert') === 'Yes',
    ioRunning: text('Slave_IO_Running'),
    sqlRunning: text('Slave_SQL_Running'),
    ioError: error(text('Last_IO_Errno'), text('Last_IO_Error')),
    sqlError: error(text('Last_SQL_Errno'), text('Last_SQL_Error')),
    applied: {
      file: text('Relay_Master_Log_File'),
      position: Number(text('Exec_Master_Log_Pos')),
    },
  }
}

function error(code: string, message: string): ReplicationError | undefined {
  return code === '0' || code === '' ? undefined : { code: Number(code), message }
}
