import type { Secret } from '../core/secret.js'
import type { InventoryData, Vars } from '../inventory/types.js'

type LabGroups = NonNullable<InventoryData['groups']>

/**
 * What a host boots from: Debian 12, the imitation of EL9 (see docs/lab-el9.md), or a root file
 * system of your own that tar has packed, by its absolute path or its URL (`https://…`). It needs
 * systemd, an sshd, and systemd-networkd or NetworkManager; it keeps its own package sources.
 */
export type LabImage = 'debian12' | 'el9' | (string & {})

export interface LabHost {
  /** Inventory variables of the host, besides those that tell how to reach it. */
  readonly vars?: Vars
  /** @default the lab's image */
  readonly image?: LabImage
}

/** What a lab has of its own, for the variables of its groups. */
export interface LabOwn {
  /** The lab's password of that name, made at random when first asked for. */
  secret(name: string): Secret
  /**
   * Where the hosts find one of the lab's own packages, and its SHA-256 in hexadecimal.
   *
   * @throws HostwrightError LAB_FAILED where the lab has no such file
   */
  package(file: string): { readonly url: string; readonly sha256: string }
}

export interface LabOptions {
  /** Up to 12 lower-case letters and digits; labs of different names run side by side. */
  readonly name: string
  /**
   * An IPv4 subnet that no real network uses, `198.51.100.0/24`. The bridge has its first address,
   * .1, the hosts .11, .12, … in the order of `hosts`.
   */
  readonly subnet: string
  readonly hosts: Readonly<Record<string, LabHost>>
  /** A function gets what a lab only knows by itself. */
  readonly groups?: LabGroups | ((own: LabOwn) => LabGroups)
  /** @default 'debian12' */
  readonly image?: LabImage
  /**
   * Packages of your own that the hosts can install besides the image's: absolute paths of .deb and
   * .rpm files, or of scripts that build some, run as `node SCRIPT.mjs FOLDER --format FORMAT` for
   * each format that the hosts take, deb or rpm. They are taken once, when the lab is made: after a
   * change take it down and up again. Each is at `http://GATEWAY:7080/FILE` too.
   *
   * @default []
   */
  readonly packages?: readonly string[]
}

export interface LabHostStatus {
  readonly name: string
  readonly address: string
  /** `stopped` by {@link Lab.stop}; `absent` when it has not been booted, or has died. */
  readonly state: 'running' | 'stopped' | 'absent'
  /** Whether its cable is in. */
  readonly link: boolean
  /** Whether its sshd answers. */
  readonly ssh: boolean
}

export interface LabStatus {
  readonly name: string
  readonly subnet: string
  /** `partial` after something was interrupted or has died: `up` or `down` repairs it. */
  readonly state: 'up' | 'down' | 'partial'
  readonly hosts: readonly LabHostStatus[]
}

/** Takes a line that tells what is being done. */
export type Progress = (line: string) => void

/** Disposable hosts on this machine. It is an inventory source too: loading it boots them. */
export interface Lab {
  readonly name: string
  /**
   * Boots what does not run yet and gives the inventory: the lab's groups, and its hosts with
   * `ansible_host`, `ansible_user` (root), `ansible_ssh_private_key_file` and the pinned host keys
   * in `ansible_ssh_common_args`. Progress goes to standard error.
   */
  load(): Promise<InventoryData>
  /**
   * Makes the lab complete: images, packages, network and hosts, and waits until every sshd
   * answers. Does nothing where all runs, repairs what was interrupted, boots hosts that have died
   * again; hosts that {@link Lab.stop} powered off stay off.
   *
   * @throws HostwrightError LAB_UNAVAILABLE before anything is touched, LAB_FAILED
   */
  up(onProgress?: Progress): Promise<void>
  /** Removes every process, link, route and file of the lab. Cached images and packages stay. */
  down(): Promise<void>
  status(): Promise<LabStatus>
  /** Destroys a host, or all of them, and boots it again blank and with a new host key. */
  reset(host?: string, onProgress?: Progress): Promise<void>
  /** Powers a host off in good order; its data is kept. */
  stop(host: string): Promise<void>
  /** Powers a host on again and waits until its sshd answers. */
  start(host: string): Promise<void>
  /** Takes a host's cable out: it goes on running, and nothing reaches it. */
  linkDown(host: string): Promise<void>
  linkUp(host: string): Promise<void>
  /** The command that logs in to a host, for spawn. @default user 'root' */
  sshCommand(host: string, user?: 'root' | 'admin'): readonly string[]
  /** The folder that has all that a host has written since it was blank. */
  overlayFolder(host: string): string
  /** The sudo password of the user admin, which the hosts of a lab that is up have. */
  adminPassword(): Promise<string>
}
