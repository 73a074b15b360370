// One process for all of them: to start one takes longer than most of these take.
import './inventory/alma9.js'
import './inventory/command.js'
import './inventory/errors.js'
import './inventory/load.js'
import './inventory/parsers.js'
import './inventory/references.js'
import './inventory/select.js'
import './inventory/vault.js'
