// One process for all of them: to start one takes longer than most of these take.
import './resources/download.js'
import './resources/files.js'
import './resources/firewalld.js'
import './resources/mariadb.js'
import './resources/parameters.js'
import './resources/plans.js'
import './resources/probes.js'
import './resources/selinux.js'
