import { role, template } from 'hostwright'
import * as v from 'valibot'

/** The message that users see when they log in. */
export const motd = role({
  name: 'motd',
  params: v.object({
    text: v.pipe(v.string(), v.description('The first line')),
  }),
  async run(host, { text }) {
    const others = host.hosts.filter((name) => name !== host.name)
    await host.ensure(
      template({
        path: '/etc/motd',
        src: 'motd.hbs',
        vars: { text, name: host.name, others },
        mode: '0644',
      }),
    )
  },
})
