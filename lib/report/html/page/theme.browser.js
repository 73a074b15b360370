import { h } from './dom.browser.js'

const key = 'hostwright-theme'
const themes = /** @type {const} */ (['auto', 'light', 'dark'])

/** Chooses the page's colours: as the system has them, light, or dark. It is kept where that can be. */
export function themeChoice() {
  const kept = themes.find((theme) => theme === stored()) ?? 'auto'
  apply(kept)
  return h(
    'fieldset',
    { class: 'theme' },
    h('legend', { class: 'hidden' }, 'Colours'),
    ...themes.map((theme) =>
      h(
        'label',
        {},
        h('input', {
          type: 'radio',
          name: 'theme',
          value: theme,
          checked: theme === kept,
          onchange: () => {
            apply(theme)
            store(theme)
          },
        }),
        h('span', {}, theme),
      ),
    ),
  )
}

/** @param {string} theme */
function apply(theme) {
  if (theme === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** A browser may refuse to keep anything for a page from the disk. */
function stored() {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** @param {string} theme */
function store(theme) {
  try {
    localStorage.setItem(key, theme)
  } catch {
    // It is chosen for this view only.
  }
}
