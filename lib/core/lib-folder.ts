/**
 * The library's folder: `lib/` of the checkout, or `dist/lib/` of the package, where modules are bundled
 * and so may lie elsewhere in it.
 */
export const libFolder = new URL(/^.*\/lib\//.exec(import.meta.url)?.[0] ?? '.', import.meta.url)
