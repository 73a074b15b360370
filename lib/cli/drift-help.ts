/** The text of `hostwright drift --help`. */
export const driftHelp = `Usage: hostwright drift PLAYBOOK -i INVENTORY [flags]

Looks, and changes nothing: is every host still what the playbook says? What differs is compared with
the earlier checks of this playbook and inventory, which are kept in .hostwright/drift.

Flags, besides those of the playbook (see hostwright run PLAYBOOK --help):
  --report FILE    write a report too; what it is, its ending says: .md Markdown, .json the record,
                   .xml JUnit, .prom metrics for Prometheus, .html; repeat for several
  --keep N         keep the newest N records (default: 400, and up to 1,500, which are those of 60
                   days of hourly checks, as long as they take no more than 256 MB)
  --remediate      make so what has drifted, and nothing else; then look again
  -h, --help       print this help

Exit codes:
  0    no drift
  2    drift
  1    something kept it from knowing: a host was unreachable, a task failed, the input was wrong
  130  it was interrupted

Environment, where drift() is not told whom to notify:
  HOSTWRIGHT_NOTIFY_WEBHOOK   URL that gets JSON
  HOSTWRIGHT_NOTIFY_SLACK     URL of an incoming webhook
  HOSTWRIGHT_NOTIFY_MATRIX    SERVER ROOM TOKEN, for example https://matrix.example.com !room:example.com TOKEN
  HOSTWRIGHT_NOTIFY_MAIL      address, by sendmail
  HOSTWRIGHT_NOTIFY_SMTP      SERVER FROM TO [USER PASSWORD], for example smtps://mail.example.com:465
                              hw@example.com ops@example.com hw PASSWORD
  HOSTWRIGHT_NOTIFY_SUMMARY   daily: a summary once a day, too

Examples:
  hostwright drift playbooks/site.ts -i inventories/lab
  hostwright drift playbooks/site.ts -i inventories/lab --report drift.md --report drift.prom
  hostwright drift playbooks/site.ts -i inventories/lab --limit c1 --remediate
`
