export { defineLab } from './defineLab.js'
export type {
  Lab,
  LabHost,
  LabHostStatus,
  LabImage,
  LabOptions,
  LabStatus,
  Progress,
} from './types.js'
