import { defineLab } from '../../lib/lab/index.js'

export default defineLab({
  name: 'lab',
  subnet: '198.51.100.0/24',
  hosts: { 'alma9-c1': {}, 'alma9-c2': {} },
  groups: (secret) => ({
    cluster: {
      hosts: ['alma9-c1', 'alma9-c2'],
      vars: {
        cluster_hosts: { domain: 'bar.local' },
        mariadb_master_master: { replicationPassword: secret('replication') },
      },
    },
  }),
})
