// One process for all of them: to start one takes longer than most of these take.
import './drift/engine.js'
import './drift/history.js'
import './drift/judge.js'
import './drift/notify.js'
import './drift/report.js'
import './drift/schedule.js'
