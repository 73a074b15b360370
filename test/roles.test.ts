// One process for all of them: to start one takes longer than most of these take.
import './roles/acme2certifier_django.js'
import './roles/acme2certifier_verify.js'
import './roles/drift_timer.js'
import './roles/lsyncd_peer.js'
import './roles/mariadb_master_master.js'
import './roles/own.js'
