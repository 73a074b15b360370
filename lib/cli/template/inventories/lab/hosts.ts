import { defineLab } from 'hostwright/lab'

/** Disposable hosts on this machine. Labs that run side by side need other names and subnets. */
export default defineLab({
  name: '__LAB__',
  subnet: '198.18.52.0/27',
  hosts: { one: {}, two: {} },
  groups: {
    web: { hosts: ['one', 'two'], vars: { motd: { text: 'Managed by Hostwright' } } },
  },
})
