import { defineLab } from '../../lib/lab/index.js'
import { clusterOf } from '../lab/hosts.js'

/** A two-node acme2certifier cluster with Debian 12. */
export default defineLab({ name: 'labdebian', subnet: '198.19.0.0/24', ...clusterOf('debian12') })
