// Looks whether all that site.ts has made does its work. It changes nothing but what it makes to look,
// and removes that again.
import pLimit from 'p-limit'
import { playbook } from '../lib/index.js'
import { verifyAcme2certifierDjango } from '../roles/acme2certifier_django/verify.js'
import { verifyEnrolment } from '../roles/acme2certifier_django/verifyEnrolment.js'
import { verifyLsyncdPeer } from '../roles/lsyncd_peer/verify.js'
import { verifyMariadbMasterMaster } from '../roles/mariadb_master_master/verify.js'

const oneAtATime = pLimit(1)

await playbook('verify', async ({ play }) => {
  await play('Database', { hosts: 'cluster', become: true }, async (host) => {
    await verifyMariadbMasterMaster(host)
  })
  await play('Mirrored folder', { hosts: 'cluster', become: true }, async (host) => {
    await verifyLsyncdPeer(host)
  })
  await play('ACME server', { hosts: 'cluster', become: true }, async (host) => {
    await verifyAcme2certifierDjango(host)
  })
  await play('Enrolment', { hosts: 'cluster', become: true }, async (host) => {
    await oneAtATime(async () => await verifyEnrolment(host))
    // A failed check ends no play; a host that cannot be reached is lost for the run.
    await host.facts()
  })
})
