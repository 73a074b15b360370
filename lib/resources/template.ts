import { resourceType } from './define.js'
import { fileType } from './file.js'
import { locate } from './locate.js'
import { render } from './render.js'
import type { CommonOptions, Resource } from './types.js'
import { checkAttributes, type FileAttributes } from './write.js'

export interface TemplateOptions extends FileAttributes {
  /** A Handlebars file, relative to `templates/` beside the calling file, or to that file. */
  readonly src: string
  /** What the template's names stand for. Secrets in it are put into the file and show nowhere. */
  readonly vars?: Readonly<Record<string, unknown>>
}

const describe = resourceType(fileType('template'))

/**
 * A file made from a Handlebars template, rendered when it is described, so that a mistake in it
 * is found before a host is touched. Nothing is escaped. Besides Handlebars' own helpers there are
 * `eq A B`, `join LIST [SEPARATOR]` and `json VALUE`.
 *
 * Where a secret is among the variables no difference of the content is shown, because the old
 * content may hold an older secret.
 *
 * @see https://handlebarsjs.com/guide/
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/template_module.html
 * @throws HostwrightError TEMPLATE_INVALID for a name that is not defined, with the template's line;
 *   PARAMETER_INVALID; and as `file` on the host
 * @example
 * template({ path: '/etc/app.conf', src: 'app.conf.hbs', vars: { port: 8080 }, mode: '0640' })
 */
export function template(options: TemplateOptions & CommonOptions): Resource {
  const { src, vars = {}, ...rest } = checkAttributes(options)
  const { text, sensitive } = render(locate(src, 'templates'), vars)
  return describe({ ...rest, state: 'present', bytes: Buffer.from(text), sensitive })
}
