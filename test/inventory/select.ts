import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { loadInventory } from '../../lib/inventory/index.js'

const folder = fileURLToPath(new URL('fixtures/ansible/inventory', import.meta.url))
const inventory = await loadInventory({ sources: [folder] })
const names = (pattern: string) => inventory.select(pattern).map((host) => host.name)
const refusal = (pattern: string): unknown => {
  try {
    return inventory.select(pattern)
  } catch (error) {
    return error
  }
}

/** The hosts that ansible-core 2.14 gave for the same inventory, sorted. */
const selections: readonly (readonly [pattern: string, hosts: string])[] = [
  [
    'all',
    '2001:db8::a 2001:db8::b ::1 beta db-a db-b db-c lonely n01 n03 n1 nx-1.example.com nx-2.example.com ny-1.example.com ny-2.example.com nz-1.example.com nz-2.example.com w0 w1 w2 web01 web02 web03 y1 y2 yhost',
  ],
  ['web', 'beta web01 web02 web03'],
  ['web,db', 'beta db-a db-b db-c w0 w1 w2 web01 web02 web03'],
  ['db:web', 'beta db-a db-b db-c w0 w1 w2 web01 web02 web03'],
  ['web:&prod', 'beta web01 web02 web03'],
  ['web:!web01', 'beta web02 web03'],
  [
    '!web',
    '2001:db8::a 2001:db8::b ::1 db-a db-b db-c lonely n01 n03 n1 nx-1.example.com nx-2.example.com ny-1.example.com ny-2.example.com nz-1.example.com nz-2.example.com w0 w1 w2 y1 y2 yhost',
  ],
  ['&web:!web01', 'beta web02 web03'],
  ['!web01:web', 'beta web02 web03'],
  ['web0*', 'web01 web02 web03'],
  ['~web0[12]', 'web01 web02'],
  [String.raw`~web\-?0[12]`, 'web01 web02'],
  ['~.*eb', 'beta web01 web02 web03'],
  ['web[0]', 'web01'],
  ['web[-1]', 'beta'],
  ['web[1:2]', 'web02 web03'],
  ['web[1:]', 'beta web02 web03'],
  ['web[0:0]', 'web01'],
  ['web[2:9]', 'beta web03'],
  ['ungrouped', 'lonely yhost'],
  ['un*', 'lonely yhost'],
  ['beta', 'beta'],
  ['y1', 'y1'],
  ['web0?', 'web01 web02 web03'],
  ['web0[!1]', 'web02 web03'],
  ['web*[0]', 'web01'],
  ['prod:!db:&web', 'beta web01 web02 web03'],
  ['prod,!db,&web', 'beta web01 web02 web03'],
  [' web , db ', 'beta db-a db-b db-c w0 w1 w2 web01 web02 web03'],
  ['sub', 'web01'],
  ['~(web|db)0.*', 'web01 web02 web03'],
  ['*-a', 'db-a'],
  ['db-a,web', 'beta db-a web01 web02 web03'],
  ['web[0]:db[0]', 'db-a web01'],
  [
    '*:!prod',
    '2001:db8::a 2001:db8::b ::1 lonely n01 n03 n1 nx-1.example.com nx-2.example.com ny-1.example.com ny-2.example.com nz-1.example.com nz-2.example.com y1 y2 yhost',
  ],
  ['[wd]*', 'beta db-a db-b db-c w0 w1 w2 web01 web02 web03'],
  ['lonely', 'lonely'],
  ['web:!nope*', 'beta web01 web02 web03'],
  ['db-[ab]', 'db-a db-b'],
  ['::1', '::1'],
  ['2001:db8::a', '2001:db8::a'],
  [
    'n*.example.com',
    'nx-1.example.com nx-2.example.com ny-1.example.com ny-2.example.com nz-1.example.com nz-2.example.com',
  ],
  ['nested:&n0*', 'n01 n03'],
]

t.test('select() takes the hosts that Ansible takes', (t) => {
  for (const [pattern, hosts] of selections)
    t.equal(names(pattern).toSorted().join(' '), hosts, pattern)
  t.end()
})

t.test('select() keeps the order of the inventory', (t) => {
  const order = [...inventory.hosts.keys()]
  t.strictSame(names('all'), order)
  t.strictSame(
    names('web03,beta,web01'),
    order.filter((name) => ['web01', 'web03', 'beta'].includes(name)),
  )
  t.end()
})

t.test('select() reads patterns from a file', (t) => {
  const root = t.testdir({ limit: 'web01\n\n beta \ndb-*\n', broken: 'web01\n\nwbe\n' })
  t.strictSame(names(`@${join(root, 'limit')}`).toSorted(), [
    'beta',
    'db-a',
    'db-b',
    'db-c',
    'web01',
  ])
  t.strictSame(names(`web02,@${join(root, 'limit')},!db`).toSorted(), ['beta', 'web01', 'web02'])
  t.match(refusal(`@${join(root, 'broken')}`), { place: { file: join(root, 'broken'), line: 3 } })
  t.throws(() => names('@nowhere'), { code: 'INVENTORY_INVALID', message: /there is no such file/ })
  t.end()
})

t.test('localhost need not be in the inventory', (t) => {
  const [host] = inventory.select('localhost')
  t.match(host, {
    name: 'localhost',
    groups: [],
    vars: { ansible_connection: 'local', from: 'all' },
  })
  t.end()
})

t.test('select() gives nothing where known groups leave no host', (t) => {
  for (const pattern of ['nope*', 'web:&db', 'web:!web'])
    t.same(inventory.select(pattern), [], pattern)
  t.end()
})

t.test('select() refuses what Ansible only warns of', (t) => {
  const cases: readonly (readonly [pattern: string, reason: string, hint?: string])[] = [
    ['wbe', 'there is no group or host "wbe"', 'Did you mean "web"?'],
    ['web,beat', 'there is no group or host "beat"', 'Did you mean "beta"?'],
    ['web:!web1', 'there is no group or host "web1"', 'Did you mean "web" or "web01"?'],
    ['web0[12]', 'there is no group or host "web0"'],
    ['WEB', 'there is no group or host "WEB"', 'Did you mean "web"?'],
    ['beta:2200', 'there is no group or host "beta:2200"'],
    [
      'something-else',
      'there is no group or host "something-else"',
      'The groups are all, ungrouped,',
    ],
    ['web[4]', 'it counts beyond the 4 hosts of "web"'],
    ['web[-5]', 'it counts beyond the 4 hosts of "web"'],
    ['~(', 'it is not a valid pattern'],
    ['', 'it is empty'],
    [' , ', 'it is empty'],
  ]
  for (const [pattern, reason, hint] of cases) {
    t.throws(
      () => inventory.select(pattern),
      { code: 'INVENTORY_INVALID', message: reason, ...(hint !== undefined && { hint }) },
      pattern,
    )
  }
  t.end()
})
