// One process for all of them: to start one takes longer than most of these take.
import './connection/frames.js'
import './connection/local.js'
import './connection/settings.js'
