import { isIP } from 'node:net'
import * as v from 'valibot'

const port = v.pipe(
  v.number('is not a port'),
  v.integer('is not a port'),
  v.minValue(1, 'is not a port'),
  v.maxValue(65_535, 'is not a port'),
)

const source = v.pipe(
  v.string('is not an address or network'),
  v.check((text) => isIP(text.split('/')[0] ?? '') > 0, 'is not an address or network'),
)

/** The play's other hosts, everybody, or addresses and networks. @default 'peers' */
const from = v.optional(
  v.union(
    [v.picklist(['peers', 'anywhere']), v.pipe(v.array(source), v.nonEmpty())],
    'is neither "peers", "anywhere" nor a list of addresses and networks',
  ),
  'peers',
)

export const params = v.object({
  state: v.optional(
    v.pipe(
      v.picklist(['stopped', 'masked', 'managed'], 'is neither "stopped", "masked" nor "managed"'),
      v.description(
        'stopped: it is not started at boot either; masked: nothing can start it; managed: it runs and lets in what is listed here',
      ),
    ),
    'stopped',
  ),
  ports: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          port: v.union(
            [port, v.pipe(v.string(), v.regex(/^\d+(?:-\d+)?$/))],
            'is neither a port nor a range of ports',
          ),
          protocol: v.optional(v.picklist(['tcp', 'udp'], 'is neither "tcp" nor "udp"'), 'tcp'),
          from,
        }),
        'is not a list of ports',
      ),
      v.description('Ports and ranges such as 4444-4450, each with whom it is open to'),
    ),
    [],
  ),
  services: v.optional(
    v.pipe(
      v.array(
        v.strictObject({ service: v.string('is not the name of a service'), from }),
        'is not a list of services',
      ),
      v.description("Services by firewalld's names, each with whom they are open to"),
    ),
    [],
  ),
})

export type Params = v.InferOutput<typeof params>
export type From = Params['ports'][number]['from']
