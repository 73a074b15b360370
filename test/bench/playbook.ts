// The work for Hostwright: npx tsx test/bench/playbook.ts -i INVENTORY -e work=w1
import {
  command,
  directory,
  file,
  group,
  lineInFile,
  playbook,
  symlink,
  template,
  user,
  type Resource,
} from '../../lib/index.js'
import { piecesOf, type Piece, type Work } from './workloads.js'

await playbook('bench', async ({ play }) => {
  await play('Work', { hosts: 'all' }, async (host) => {
    const { work, base } = host.vars
    await host.ensure(piecesOf(work as Work, String(base)).map(resourceOf))
  })
})

function resourceOf(piece: Piece): Resource {
  switch (piece.kind) {
    case 'directory':
      return directory({ path: piece.path, mode: piece.mode })
    case 'file':
      return file({ path: piece.path, content: piece.content, mode: piece.mode })
    case 'template':
      return template({
        path: piece.path,
        src: 'site.conf.hbs',
        vars: piece.vars,
        mode: piece.mode,
      })
    case 'line':
      return lineInFile({
        path: piece.path,
        regexp: new RegExp(`^${piece.key} =`),
        line: piece.line,
        create: true,
      })
    case 'symlink':
      return symlink({ path: piece.path, target: piece.target })
    case 'user':
      return user({ name: piece.name })
    case 'group':
      return group({ name: piece.name })
    case 'touch':
      return command({ run: `touch ${piece.path}`, creates: piece.path })
  }
}
