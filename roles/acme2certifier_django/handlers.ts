import { command, handler, service } from '../../lib/index.js'

export const restartProgram = handler('restart acme2certifier', async (host) => {
  await host.ensure(service({ name: 'acme2certifier', state: 'restarted' }))
})

/** nginx goes on with what it has where the new configuration is not right as a whole. */
export const reloadNginx = handler('reload nginx', async (host) => {
  await host.ensure([
    command({ name: 'test the configuration of nginx', run: `${nginxTest} -q` }),
    service({ name: 'nginx', state: 'reloaded' }),
  ])
})

export const nginxTest = 'PATH=$PATH:/usr/sbin nginx -t'
