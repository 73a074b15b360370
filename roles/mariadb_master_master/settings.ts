import type { Family } from './families.js'
import { plannedNodes, type Node } from './nodes.js'
import type { Params } from './params.js'

type Values = Readonly<Record<string, string | number | boolean>>

/** What one node is told, for its option file, and what the running server then says of itself. */
export interface Settings {
  readonly options: Values
  readonly variables: Values
}

export function settingsOf(
  node: Node,
  nodes: readonly Node[],
  params: Params,
  family: Family,
  bindAddress: string,
): Settings {
  const { port, tls, binlogExpireDays } = params
  const shared: Values = {
    bind_address: bindAddress,
    port,
    server_id: node.id,
    report_host: node.name,
    relay_log: `${family.logFolder}/relay-bin`,
    relay_log_recovery: true,
    log_slave_updates: true,
    sync_binlog: 1,
    expire_logs_days: binlogExpireDays,
    // Each node numbers its own transactions, so that two nodes never give out the same GTID.
    gtid_domain_id: node.id,
    gtid_strict_mode: true,
    // With several sources the same transaction arrives more than once.
    ...(nodes.length > 2 && { gtid_ignore_duplicates: true }),
    auto_increment_increment: plannedNodes(nodes, params),
    auto_increment_offset: node.id,
    character_set_server: 'utf8mb4',
    ...(tls && { ssl_ca: tls.ca, ssl_cert: tls.cert, ssl_key: tls.key }),
    ...params.settings,
  }
  const log = `${family.logFolder}/mariadb-bin`
  return {
    options: { log_bin: log, log_bin_index: `${log}.index`, ...shared },
    variables: { log_bin: true, log_bin_basename: log, ...shared },
  }
}
