// Serves a folder of plain files over HTTP: the lab's package repository.
// usage: node repository-server.mjs FOLDER ADDRESS PORT
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join, normalize } from 'node:path'

const [folder, address, port] = process.argv.slice(2)

const server = createServer(async (request, response) => {
  // Normalized from the root on, a path cannot lead out of the folder.
  const path = join(folder, normalize(decode(new URL(request.url, 'http://lab').pathname)))
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return response.writeHead(404).end()
  response.writeHead(200, {
    'content-length': found.size,
    'last-modified': found.mtime.toUTCString(),
  })
  if (request.method === 'HEAD') return response.end()
  createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response)
})
server.listen(Number(port), address)

function decode(path) {
  try {
    return decodeURIComponent(path).replaceAll('\0', '')
  } catch {
    return '/'
  }
}
