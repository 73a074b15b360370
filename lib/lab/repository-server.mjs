// Serves folders of plain files over HTTP: the lab's package repository. The first that has a file
// counts.
// usage: node repository-server.mjs ADDRESS PORT FOLDER...
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join, normalize } from 'node:path'

const [address, port, ...folders] = process.argv.slice(2)

const server = createServer(async (request, response) => {
  // Normalized from the root on, a path cannot lead out of the folder.
  const name = normalize(decode(new URL(request.url, 'http://lab').pathname))
  const [found] = (await Promise.all(folders.map((folder) => look(join(folder, name))))).filter(
    (file) => file !== undefined,
  )
  if (found === undefined) return response.writeHead(404).end()
  response.writeHead(200, {
    'content-length': found.size,
    'last-modified': found.mtime.toUTCString(),
  })
  if (request.method === 'HEAD') return response.end()
  createReadStream(found.path)
    .on('error', () => response.destroy())
    .pipe(response)
})
server.listen(Number(port), address)

async function look(path) {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? { path, size: found.size, mtime: found.mtime } : undefined
}

function decode(path) {
  try {
    return decodeURIComponent(path).replaceAll('\0', '')
  } catch {
    return '/'
  }
}
