import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeHost, testRole } from 'hostwright/test'
import lab from '../../inventories/lab/hosts.ts'
import { motd } from './index.ts'

test('motd replaces the message, planned against a declared state', async () => {
  const host = fakeHost({ files: { '/etc/motd': 'old\n' } })
  await motd(host, { text: 'new' })
  assert.equal(host.tasks[0]?.changes[0]?.after, 'new\nThis is fake.\n')
})

test('motd on two blank hosts', async (t) => {
  const tested = await testRole({ lab, play: motd })
  t.after(() => tested.close())
  const { stdout } = await tested.host('one').$`cat /etc/motd`
  assert.equal(stdout, 'Managed by Hostwright\nThis is one, beside two.\n')
})
