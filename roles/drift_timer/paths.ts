/** Who checks. */
export const account = 'hostwright-drift'

/** The account's home, where the history is. */
export const home = '/var/lib/hostwright-drift'

/** Read by systemd as root; the account itself cannot. */
export const environmentFile = '/etc/hostwright-drift.env'

export const units = '/etc/systemd/system'
