// One process for all of them: to start one takes longer than most of these take.
import './cli/doc.js'
import './cli/main.js'
import './cli/options.js'
import './cli/playbook.js'
