export { defineLab } from './defineLab.js'
export type {
  Lab,
  LabHost,
  LabHostStatus,
  LabImage,
  LabOptions,
  LabOwn,
  LabStatus,
  Progress,
} from './types.js'
