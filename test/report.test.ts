// One process for all of them: to start one takes longer than most of these take.
import './report/console.js'
import './report/events-doc.js'
import './report/junit.js'
import './report/picture.js'
import './report/report.js'
